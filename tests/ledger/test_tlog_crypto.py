"""Signatures and locks: judged as other people's vectors judge them, and by both of our verifiers alike."""

import json
from base64 import urlsafe_b64decode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from api.oidc import ALGORITHMS
from ledger import crypto, ed25519
from ledger.crypto import Lock, NotOpened, Signer
from ledger.note import Verify
from tests.vectors import VERIFIERS, Tally, checker

FOLDER = "wycheproof/testvectors_v1"


def wycheproof(tlog: Path, name: str) -> list[dict[str, Any]]:
    """The cases of a file, each with what its group says."""
    groups = json.loads((tlog / FOLDER / f"{name}_test.json").read_bytes())["testGroups"]
    return [group | case for group in groups for case in group["tests"]]


@VERIFIERS
def test_ed25519_signatures_are_judged_as_by_wycheproof(tlog: Path, tally: Tally, verify: Verify) -> None:
    agrees = {}
    for case in wycheproof(tlog, "ed25519"):
        judged = verify(bytes.fromhex(case["publicKey"]["pk"]), bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
        agrees[case["tcId"]] = judged == (case["result"] == "valid")

    assert len(agrees) == 151
    tally(f"wycheproof/ed25519 ({checker(verify)})", agrees)


def test_both_verifiers_judge_every_odd_signature_alike(tlog: Path, tally: Tally) -> None:
    """These have no verdicts: what is pinned is what OpenSSL accepts, by class; plain Python must say the same of each."""
    cases = json.loads((tlog / "cctv-ed25519" / "ed25519vectors.json").read_bytes())
    agrees, accepted, flags = {}, 0, Counter[str]()
    for case in cases:
        of = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"]), case["msg"].encode()
        judged = crypto.verify(*of)
        agrees[case["number"]] = judged == ed25519.verify(*of)
        accepted += judged
        flags.update(case["flags"] or [] if judged else [])

    assert (len(cases), accepted) == (914, 208)
    # a point R that is not in its one form is never accepted, a key that is not may be
    assert flags == {
        "low_order_component_A": 195,
        "low_order_component_R": 159,
        "low_order_A": 122,
        "low_order_R": 99,
        "non_canonical_A": 36,
        "reencoded_k": 10,
    }
    tally("cctv-ed25519/both verifiers alike", agrees)


@VERIFIERS
@pytest.mark.parametrize(("key", "signature"), [(0, 64), (31, 64), (33, 64), (32, 0), (32, 63), (32, 65)])
def test_a_key_or_signature_of_another_length_is_false(verify: Verify, key: int, signature: int) -> None:
    signer = Signer("a.example", bytes(32))
    public, signed = signer.key.public, signer.sign(b"m")

    assert verify(public, signed, b"m")
    assert not verify((public + b"x")[:key], (signed + b"x")[:signature], b"m")


def test_no_bit_of_a_signature_or_its_key_may_be_another() -> None:
    signer = Signer("a.example", bytes(range(32)))
    public, signed = signer.key.public, signer.sign(b"message")

    for whole, of in ((public, lambda changed: (changed, signed)), (signed, lambda changed: (public, changed))):
        for bit in range(0, 8 * len(whole), 3):
            changed = (int.from_bytes(whole) ^ 1 << bit).to_bytes(len(whole))
            assert not ed25519.verify(*of(changed), b"message")
            assert not crypto.verify(*of(changed), b"message")


def test_what_is_locked_is_opened_as_by_wycheproof(tlog: Path, tally: Tally) -> None:
    cases = wycheproof(tlog, "aes_gcm")
    ours = [case for case in cases if (case["keySize"], case["ivSize"], case["tagSize"]) == (256, 96, 128)]
    agrees = {}
    for case in ours:
        key, nonce, bound_to, plain, ct, tag = (bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag"))
        try:
            agrees[case["tcId"]] = Lock(key).opened(nonce + ct + tag, bound_to) == plain and case["result"] == "valid"
        except NotOpened:
            agrees[case["tcId"]] = case["result"] == "invalid"

    assert (len(cases), len(ours)) == (316, 66)
    others = [f"aes_gcm {case['tcId']}" for case in cases if case not in ours]
    tally("wycheproof/aes_gcm", agrees, {"the vault's keys have 256 bits and its nonces 96": others})


@pytest.mark.parametrize("length", [0, 11, 12, 27])
def test_what_is_too_short_to_be_locked_does_not_open(length: int) -> None:
    with pytest.raises(NotOpened):
        Lock(bytes(32)).opened(bytes(length), b"")


def test_what_is_locked_opens_where_it_belongs_and_nowhere_else() -> None:
    lock = Lock(bytes(32))
    locked = lock.locked(b"a name", b"here")

    assert lock.opened(locked, b"here") == b"a name"
    for key, content, bound_to in ((bytes(32), locked, b"there"), (b"\x01" * 32, locked, b"here"), (bytes(32), locked[:-1], b"here")):
        with pytest.raises(NotOpened):
            Lock(key).opened(content, bound_to)
    assert lock.locked(b"a name", b"here") != locked


def test_a_providers_signatures_are_judged_as_by_wycheproof(tlog: Path, tally: Tally) -> None:
    agrees, apart = {}, []
    for case in wycheproof(tlog, "json_web_signature"):
        key = case.get("public") or case["private"]
        of_key = "HS256" if key["kty"] == "oct" else key.get("alg", "ES256")
        of_token = json.loads(urlsafe_b64decode(case["jws"].split(".")[0] + "==")).get("alg") if case["result"] == "valid" else of_key
        if not {of_key, of_token} <= {*ALGORITHMS}:
            apart.append(f"json_web_signature {case['tcId']}: {of_key}, {of_token}")
            continue
        try:
            jws.deserialize_compact(case["jws"], KeySet.import_key_set({"keys": [key]}), algorithms=list(ALGORITHMS))
            agrees[case["tcId"]] = case["result"] == "valid"
        except (JoseError, ValueError):
            agrees[case["tcId"]] = case["result"] == "invalid"

    assert (len(agrees), len(apart)) == (324, 77)
    tally("wycheproof/json_web_signature", agrees, {f"a provider signs with {', '.join(ALGORITHMS)} alone": apart})


def test_vectors_of_what_the_product_does_not_use_are_named(tlog: Path, tally: Tally) -> None:
    for name, why in (
        ("mldsa_44_verify", "logs and witnesses sign with Ed25519"),
        ("hkdf_sha256", "no key is derived with HKDF"),
    ):
        tally(f"wycheproof/{name}", {}, {why: [f"{name} {case['tcId']}" for case in wycheproof(tlog, name)]})
    codes = sorted(file.name for file in (tlog / "eu-dcc-2dcode").glob("*.json"))
    assert len(codes) == 38
    tally("eu-dcc-2dcode/all", {}, {"labels carry no COSE": codes})


def test_es256_signatures_are_judged_as_by_wycheproof(tlog: Path, tally: Tally) -> None:
    es256 = jws.JWSRegistry(algorithms=["ES256"]).get_alg("ES256")
    agrees = {}
    for case in wycheproof(tlog, "ecdsa_secp256r1_sha256_p1363"):
        key = ECKey.import_key(case["publicKeyPem"])
        judged = es256.verify(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]), key)
        agrees[case["tcId"]] = judged == (case["result"] == "valid")

    assert len(agrees) == 262
    tally("wycheproof/ecdsa_secp256r1_sha256_p1363", agrees)

"""Signed notes: keys that say their name, text that somebody signed, and every other spelling refused."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from ledger import crypto
from ledger.checkpoint import cosign
from ledger.crypto import Signer
from ledger.note import (
    LOG,
    WITNESS,
    BadSignature,
    Key,
    Malformed,
    Signature,
    Unsigned,
    Verify,
    decimal,
    opened,
    parse,
    spell,
    unbase64,
)
from tests.vectors import VERIFIERS, Tally, checker

TEXT = "cacao.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
SIGNER = Signer("cacao.example/log", bytes(32))
SEEN_BY = Signer("witness.example/w1", bytes(31) + b"\x01", WITNESS)
SIGNED = spell(TEXT, [SIGNER.line(TEXT)])
REFUSALS: dict[str, type[Exception]] = {"malformed": Malformed, "no": Unsigned, "invalid": BadSignature}
"""What another implementation calls a refusal, by its first word or, after "note has", the next."""


def others(vkey: str) -> dict[str, str]:
    """Every part of a key, and every key with one byte one higher."""
    parts = {f"{start}:{end}": vkey[start:end] for start in range(len(vkey)) for end in range(start + 1, len(vkey) + 1)}
    del parts[f"0:{len(vkey)}"]
    return parts | {f"{at} one higher": vkey[:at] + chr(ord(vkey[at]) + 1) + vkey[at + 1 :] for at in range(len(vkey))}


def is_refused(vkey: str) -> bool:
    try:
        Key.parse(vkey)
    except Malformed:
        return True
    return False


def test_a_note_is_signed_as_another_program_signs_it(tlog: Path, tally: Tally) -> None:
    vectors = json.loads((tlog / "golang-mod" / "note.json").read_bytes())
    signing, vkeys = vectors["sign"], vectors["vkeys"]
    signer = Signer.parse(signing["skey"])
    agrees = {
        "signed": spell(signing["text"], [signer.line(signing["text"])]).decode() == signing["want"],
        "private key": str(signer) == signing["skey"] and str(signer.key) == vkeys["peter"],
        **{f"key of {name}": str(Key.parse(vkey)) == vkey for name, vkey in vkeys.items()},
    }
    tally("golang-mod/note, signed", agrees)


@VERIFIERS
def test_a_note_is_opened_as_another_program_opens_it(tlog: Path, tally: Tally, verify: Verify) -> None:
    vectors = json.loads((tlog / "golang-mod" / "note.json").read_bytes())
    agrees = {}
    for case in vectors["open"]:
        keys = [Key.parse(vectors["vkeys"][name]) for name in case["keys"]]
        try:
            note = opened(b64decode(case["msg_b64"]), keys, verify)
        except (Malformed, Unsigned, BadSignature) as refusal:
            word = (case["error"] or "accepted").removeprefix("note has ").split()[0]
            agrees[case["name"]] = REFUSALS.get(word) is type(refusal)
        else:
            who = [key.name for key, _ in note.verified], [each.name for each in note.unverified]
            agrees[case["name"]] = case["error"] is None and who == (case["verified"], case["unverified"])

    assert len(agrees) == 13
    tally(f"golang-mod/note, opened ({checker(verify)})", agrees)


def test_every_other_spelling_of_a_key_is_refused(tlog: Path, tally: Tally) -> None:
    vectors = json.loads((tlog / "golang-mod" / "note.json").read_bytes())
    derived = others(vectors["vkeys"]["peter"])

    assert len(derived) == 2_276
    refused = {name: is_refused(vkey) for name, vkey in derived.items()} | {vkey: is_refused(vkey) for vkey in vectors["bad_vkeys"]}
    tally("golang-mod/note, keys refused", refused | {"": is_refused("")})


@VERIFIERS
def test_the_specifications_own_note_opens(tlog: Path, tally: Tally, verify: Verify) -> None:
    vector = json.loads((tlog / "c2sp-examples" / "signed-note.json").read_bytes())
    key = Key.parse(vector["vkey"])
    note = opened(vector["note"].encode(), [key], verify)

    assert note.text == "This is an example message.\n"
    tally(f"c2sp-examples/signed-note ({checker(verify)})", {"opened": [each for each, _ in note.verified] == [key]})


def test_a_note_comes_back_as_it_was_spelled() -> None:
    lines = [SIGNER.line(TEXT), cosign(SEEN_BY, TEXT, 1_700_000_000)]
    note = parse(spell(TEXT, lines))

    assert (note.text, [str(each) for each in note.signatures]) == (TEXT, lines)
    assert spell(*note) == spell(TEXT, lines)


def test_empty_lines_of_the_text_belong_to_it() -> None:
    text = "one\n\n\ntwo\n"

    assert opened(spell(text, [SIGNER.line(text)]), [SIGNER.key]).text == text


@pytest.mark.parametrize("text", ["", "one", "one\ntwo"])
def test_a_text_without_a_newline_at_its_end_is_not_spelled(text: str) -> None:
    with pytest.raises(Malformed):
        spell(text, [SIGNER.line(text)])


@VERIFIERS
def test_a_known_key_whose_signature_fails_spoils_the_note(verify: Verify) -> None:
    changed = SIGNED.replace(b"\n0\n", b"\n1\n")
    beside = spell(TEXT, [SIGNER.line(TEXT), str(Signature(SEEN_BY.name, SEEN_BY.key.id, bytes(72)))])

    with pytest.raises(BadSignature, match=r"^the signature of cacao\.example/log does not hold$"):
        opened(changed, [SIGNER.key], verify)
    with pytest.raises(BadSignature, match=r"^the signature of witness\.example/w1 does not hold$"):
        opened(beside, [SIGNER.key, SEEN_BY.key], verify)
    assert [each.name for each in opened(beside, [SIGNER.key], verify).unverified] == [SEEN_BY.name]


@pytest.mark.parametrize("length", [0, 1, 63, 64, 71, 73])
def test_a_signature_of_another_length_does_not_hold(length: int) -> None:
    log, witness = SIGNER.sign(TEXT.encode()), b64decode(cosign(SEEN_BY, TEXT, 1).split()[2])[4:]
    for key, signed in ((SIGNER.key, log), (SEEN_BY.key, witness)):
        given = (signed + bytes(80))[:length]
        assert key.signed(TEXT, Signature(key.name, key.id, given), crypto.verify) == (given == signed)


def test_a_key_of_the_same_name_or_the_same_id_is_another_key() -> None:
    namesake = Signer(SIGNER.name, b"\x02" * 32).key
    for key in (namesake, Key("witness.example/w2", LOG, SIGNER.key.public)):
        with pytest.raises(Unsigned, match=r"^nobody whose key is known signed it: cacao\.example/log$"):
            opened(SIGNED, [key])
    assert opened(SIGNED, [namesake, SIGNER.key]).verified[0][0] == SIGNER.key


def test_a_signature_said_twice_counts_once() -> None:
    unknown = str(Signature("other.example", b"abcd", b"x"))
    note = opened(spell(TEXT, [SIGNER.line(TEXT)] * 3 + [unknown] * 2), [SIGNER.key])

    assert ([key.name for key, _ in note.verified], [str(each) for each in note.unverified]) == ([SIGNER.name], [unknown])


def test_100_signatures_are_read_and_101_are_not() -> None:
    others = [str(Signature(f"other.example/{n}", b"abcd", b"x")) for n in range(100)]

    assert len(opened(spell(TEXT, [SIGNER.line(TEXT), *others[:99]]), [SIGNER.key]).unverified) == 99
    with pytest.raises(Malformed, match=r"^the note has 101 signatures; at most 100 are read$"):
        parse(TEXT.encode() + b"\n" + "".join([SIGNER.line(TEXT), *others]).encode())


def test_a_note_of_a_megabyte_is_read_and_a_longer_one_is_not() -> None:
    line = SIGNER.line("").encode()
    text = b"x" * (1_000_000 - len(line) - 2) + b"\n"

    assert parse(text + b"\n" + line).text == text.decode()
    with pytest.raises(Malformed, match=r"^a note of 1,000,001 bytes; at most 1,000,000 are read$"):
        parse(b"x" + text + b"\n" + line)


LINE = SIGNER.line(TEXT)
B64 = LINE.split()[2]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n", b"\n\n", TEXT.encode(), TEXT.encode() + b"\n", TEXT.encode() + LINE.encode(), SIGNED[:-1], SIGNED + b"x",
        SIGNED + b"\n", SIGNED + b"\n\n", b"\n" + LINE.encode(), SIGNED.replace(b"\n", b"\r\n"), SIGNED + b"\r",
        SIGNED.replace(b"\n0\n", b"\n0\t\n"),
        SIGNED.replace(b"\n0\n", b"\n\x000\n"), b"\xff" + SIGNED, b"\xed\xa0\x80" + SIGNED, SIGNED + b"- name AAAAAAA=\n",
        SIGNED + "—name AAAAAAA=\n".encode(), SIGNED + "— AAAAAAA=\n".encode(), SIGNED + "—  AAAAAAA=\n".encode(),
        SIGNED + "— name  AAAAAAA=\n".encode(), SIGNED + "— name AAAAAAA= \n".encode(), SIGNED + "— name\n".encode(),
        SIGNED + "— name AAAAAA==\n".encode(), SIGNED + "— na+me AAAAAAA=\n".encode(), SIGNED + "— na\u00a0me AAAAAAA=\n".encode(),
        SIGNED + "— na\u2003me AAAAAAA=\n".encode(), SIGNED + "— na\u0085me AAAAAAA=\n".encode(), SIGNED + "— name \n".encode(),
    ],
)  # fmt: skip
def test_a_note_in_any_other_form_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        opened(data, [SIGNER.key])


@pytest.mark.parametrize(
    "written", [B64[:-1], f"{B64}=", f"{B64[:-2]}{chr(ord(B64[-2]) + 1)}=", B64.replace(B64[3], "-"), f"{B64[:8]} {B64[8:]}", f"{B64}AAAA"]
)
def test_a_signature_whose_base64_has_a_second_spelling_is_refused(written: str) -> None:
    with pytest.raises((Malformed, BadSignature)):
        opened(SIGNED.replace(B64.encode(), written.encode()), [SIGNER.key])


def test_stray_bits_at_the_end_of_base64_are_refused() -> None:
    assert unbase64("AAAAAAA=") == bytes(5)
    assert b64decode("AAAAAAB=", validate=True) == bytes(5)
    for written in ("AAAAAAB=", "AAAAAAA", "AAAAAAA=\n", " AAAAAAA=", "AAAA\nAAA=", "AAAAAAA==", "AAAAAAA=A", "AAAAAA-=", "é"):
        with pytest.raises(Malformed, match=r"is not base64$"):
            unbase64(written)


@pytest.mark.parametrize(("written", "value"), [("0", 0), ("7", 7), ("10", 10), ("9223372036854775807", 2**63 - 1)])
def test_a_number_is_read(written: str, value: int) -> None:
    assert decimal(written) == value


@pytest.mark.parametrize(
    "written",
    ["", "+5", "-5", "-0", "007", "00", "1_000", " 1", "1 ", "1\n", "0x1", "1.0", "1e3", "٣", "²", "9223372036854775808", "9" * 20],
)
def test_a_number_in_any_other_form_is_refused(written: str) -> None:
    with pytest.raises(Malformed, match=r"is not a decimal number$"):
        decimal(written)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u3000b", "a\u2028b", "a\nb", "a\tb", "a\x1fb"])
def test_a_name_with_a_space_or_a_plus_in_it_is_no_name(name: str) -> None:
    with pytest.raises(Malformed, match=r"cannot be the name of a key$"):
        Signer(name, bytes(32))
    with pytest.raises(Malformed):
        Key.parse(str(Key(name, LOG, bytes(32))))


@pytest.mark.parametrize("kind", [0, 2, 3, 5, 6, 255])
def test_a_key_of_another_type_is_refused_with_its_type(kind: int) -> None:
    with pytest.raises(Malformed, match=rf"^the key of a\.example is of type {kind}: wanted 1 \(Ed25519\) or 4 \(Ed25519 cosignature\)$"):
        Key.parse(str(Key("a.example", kind, bytes(32))))


def test_a_private_key_is_read_as_it_was_written_and_never_repeated_in_an_error() -> None:
    for signer in (SIGNER, SEEN_BY, Signer.new("a.example"), Signer.new("b.example", WITNESS)):
        assert str(Signer.parse(str(signer))) == str(signer)
        assert Signer.parse(str(signer)).key == signer.key
        assert str(signer) not in repr(signer)
        for wrong in (str(signer)[:-1], str(signer).replace("example", "exampel"), str(signer.key), f"{signer}\n", str(signer).lower()):
            with pytest.raises(Malformed, match=r"^wanted a key of the form PRIVATE\+KEY\+name\+id\+base64, of type 1 or 4$"):
                Signer.parse(wrong)
    assert str(Signer.new("a.example")) != str(Signer.new("a.example"))


def test_a_witness_signs_no_plain_note() -> None:
    with pytest.raises(ValueError, match=r"^the key witness\.example/w1 is of type 4: a note is signed with a key of type 1$"):
        SEEN_BY.line(TEXT)


def test_a_note_of_no_signature_is_no_note() -> None:
    with pytest.raises(Malformed, match=r"^the note does not end in an empty line and lines of signatures$"):
        spell(TEXT, [])

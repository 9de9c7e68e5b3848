"""The page and `cacao verify` say the same: of the files of Python's tests, of changed bits, and of all that a house serves."""

from collections.abc import Iterable, Sequence
from functools import partial
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create
from api.house import House
from api.verifying import BROKEN, FALSE, TRUE, Trust, Verdict, verify
from api.witnesses import spelled
from ledger.checkpoint import cosign
from ledger.note import Malformed, spell
from ledger.policy import parse
from tests.api import test_verify as at_the_terminal
from tests.api.test_crash import wait_until
from tests.api.test_verify import ANA, BEN, ENTRY, KEYS, LOG, checkpoint, grown, included, proof
from tests.fuzz import furnish
from tests.web.asking import Ask, in_node
from tests.web.sets import listed

POLICY = f"{KEYS}group g 2 ana ben caro\nquorum g\n"
SAME = {
    "a proof is of an entry: give its exact bytes with --entry": "a proof is of an entry: give its exact bytes",
    "nobody's signature was checked: --policy names the keys that count": "nobody's signature was checked: give the keys that count",
}
"""What a page says otherwise than a terminal."""


class Given(NamedTuple):
    """What is judged: a file, an entry, a policy's text."""

    data: bytes
    entry: bytes | None
    policy: str | None

    def asked(self) -> list[Any]:
        return ["judge", self.data.hex(), None if self.entry is None else self.entry.hex(), self.policy]

    def judged(self) -> Verdict | None:
        """Python's verdict; None where the policy cannot be read."""
        try:
            trust = Trust(None if self.policy is None else parse(self.policy))
        except Malformed:
            return None
        return verify(self.data, self.entry, trust)


def agrees(ours: Verdict | None, theirs: dict[str, Any]) -> bool:
    """Whether the page gives the same verdict for the same reason, and where it is true read the same."""
    if ours is None:
        return bool(theirs.get("not") == "Malformed")
    said = theirs["is"]
    reason = ours.parts[0][0]
    sentences = {each["english"] for each in said["clauses"] if each["mark"] != "true" or ours.code != FALSE}
    same = ours.code != TRUE or said["found"] == plain(ours.found)
    return bool(said["code"] == ours.code and SAME.get(reason, reason) in sentences and same)


def plain(value: object) -> object:
    """Whole numbers as text, which is how the page hands them over."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, int) else value


def differing(of: Iterable[Given], ask: Ask = in_node) -> tuple[list[Verdict | None], list[Any]]:
    """Python's verdicts, and the cases in which the page does not agree."""
    cases = list(of)
    ours, theirs = [case.judged() for case in cases], ask([case.asked() for case in cases])
    return ours, [each for each in zip(cases, ours, theirs, strict=True) if not agrees(*each[1:])]


def written(trust: Trust) -> str | None:
    """A policy as text again; a page knows no key of its own."""
    return trust.policy and "".join(f"log {key}\n" for key, _ in trust.policy.logs) + spelled(trust.policy)


@pytest.mark.parametrize("ask", [in_node, partial(in_node, plain=True)], ids=["browser", "browser, plain"])
def test_the_page_judges_the_files_of_the_terminals_tests_alike(ask: Ask) -> None:
    tests: Sequence[Any] = [
        at_the_terminal.test_what_is_true_is_said_with_who_vouches_for_it,
        at_the_terminal.test_what_is_false_is_said_with_what_was_found,
        at_the_terminal.test_what_cannot_be_judged_is_said_with_why,
    ]
    cases = [Given(data, entry, written(trust)) for test in tests for data, entry, trust, _ in listed(test)]
    ours, wrong = differing(cases, ask)

    assert {each and each.code for each in ours} == {TRUE, FALSE, BROKEN}
    assert wrong == []


ODD_JSON = [
    included(index=2**63), included(size=2**64 - 1), included(size=2**64), included(size=-(2**63)), included(size=-(2**63) - 1),
    included(size=2**53 + 1, index=2**53),
    included().replace(b'"index": 40', b'"index": -0'), included().replace(b'"index": 40', b'"index": 4e1'),
    included().replace(b'"index": 40', b'"index": 40.0'), included().replace(b'"index"', b'"\\u0069ndex"'), included() + b"x",
    included().replace(b"{", b'{"index": "n40", ', 1), included(index="n40"), included(index=None), included(index=[40]),
    included(proof={}), included(proof=["AA=="]), included(root=["x"]), included(root="s"), included(proof="list"),
    b"\xef\xbb\xbf" + included(), b"\x0b" + included(), b" \n" + included(), included().replace(b"root", b"r\xffot"), grown() + grown(),
    grown().replace(b'"old": 130', b'"old": -1'), grown().replace(b'"old": 130', b'"old": %d' % 2**70),
    b'{"constructor": 1, "toString": 2, "valueOf": 3, "__proto__": 4, "proof": []}',
]  # fmt: skip


def test_the_page_reads_numbers_and_names_of_json_alike() -> None:
    ours, wrong = differing(Given(data, None, None) for data in ODD_JSON)

    assert {each and each.code for each in ours} == {TRUE, FALSE, BROKEN}
    assert wrong == []


@settings(max_examples=4, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_changed_bit_is_judged_alike(random: Random) -> None:
    files = [proof(ANA, BEN), checkpoint(ANA, BEN), included(), grown()]

    def changed(data: bytes) -> bytes:
        bit = random.randrange(8 * len(data))
        return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]

    def some() -> Given:
        data = random.choice(files)
        entry = ENTRY if data in (files[0], files[2]) else None
        policy = POLICY if data in files[:2] else None
        what = random.choice(("data", "data", "entry", "policy"))
        if what == "entry" and entry:
            return Given(data, changed(entry), policy)
        if what == "policy" and policy:
            return Given(data, entry, changed(policy.encode()).decode("utf-8", "replace"))
        return Given(changed(data), entry, policy)

    assert differing(some() for _ in range(120))[1] == []


def test_all_that_a_house_serves_is_judged_alike(house: House) -> None:
    furnish(house)
    with TestClient(create(house)) as client:
        wait_until(lambda: client.get("/checkpoint").status_code == 200)
        policy, note = client.get("/policy").text, client.get("/checkpoint").content
        size = int(note.split(b"\n")[1])
        served = [client.get(f"/proofs/{position}.tlog-proof").content for position in range(1, size + 1)]
        as_json = [client.get(f"/proofs/{position}.json").content for position in (1, size)]
        longer = [client.get(f"/consistency/{old}/{size}.json").content for old in (0, 1, size - 1, size)]
    with house.pool.connection() as conn:
        lines = [bytes(each) for (each,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position LIMIT %s", (size,))]
    right = [Given(data, entry, policy) for data, entry in zip(served, lines, strict=True)] + [Given(note, None, policy)]
    right += [Given(data, None, None) for data in (*as_json, *longer)]
    wrong = [Given(data, entry, policy) for data, entry in zip(served, [*lines[1:], lines[0]], strict=True)]
    ours, apart = differing([*right, *wrong])

    assert [each and each.code for each in ours] == [TRUE] * (size + 7) + [FALSE] * size
    assert apart == []


def test_notes_that_are_odd_are_judged_alike() -> None:
    text = checkpoint().decode().partition("\n\n")[0] + "\n"
    times = [spell(text, [LOG.line(text), cosign(ANA, text, time), cosign(BEN, text, time)]) for time in (0, 2**63 - 1, 2**63, 2**64 - 1)]
    good, other = (cosign(BEN, of, 1_700_000_000) for of in (text, f"{text}more\n"))
    twice = [spell(text, [LOG.line(text), cosign(ANA, text, 0), *lines]) for lines in ((good, other), (other, good))]
    ours, wrong = differing(Given(note, None, POLICY) for note in (*times, *twice, b"\xef\xbb\xbf" + times[0]))

    assert [each and each.code for each in ours] == [TRUE, TRUE, FALSE, FALSE, TRUE, FALSE, FALSE]
    assert wrong == []


def test_proofs_that_are_long_are_judged_alike() -> None:
    above, _, note = proof(ANA, BEN).decode().partition("\n\n")
    lines = above.split("\n")
    long = ["\n".join([*lines[:2], *[lines[2]] * count]) + f"\n\n{note}" for count in (63, 64)]
    ours, wrong = differing(Given(each.encode(), ENTRY, POLICY) for each in long)

    assert [each and each.code for each in ours] == [FALSE, BROKEN]
    assert wrong == []


def test_policies_that_are_odd_are_judged_alike() -> None:
    upper = POLICY.replace(LOG.key.id.hex(), LOG.key.id.hex().upper())
    odd = [
        upper,
        f"{POLICY}quorum g\n",
        f"\ufeff{POLICY}",
        POLICY.replace("\n", "\r\n"),
        POLICY.replace(" 2 ", " constructor "),
        "quorum none",
    ]
    ours, wrong = differing(Given(checkpoint(ANA, BEN), None, each) for each in odd)

    assert upper != POLICY
    assert [each and each.code for each in ours] == [None, None, None, None, None, FALSE]
    assert wrong == []


def test_a_quorum_is_reached_alike() -> None:
    names = ["ana", "ben", "caro"]
    sets = [[name for at, name in enumerate(names) if bits >> at & 1] for bits in range(8)]
    quorums = ["quorum none", "quorum ben", "group g 2 ana ben caro\nquorum g", "group g all ana ben\ngroup h any g caro\nquorum h"]
    theirs = in_node([[what, f"{KEYS}{each}\n", *more] for each in quorums for what, more in (("reached", [sets]), ("policy", []))])

    for quorum, reached, read in zip(quorums, theirs[::2], theirs[1::2], strict=True):
        policy = parse(f"{KEYS}{quorum}\n")
        assert reached["is"] == [policy.satisfied(each) for each in sets]
        assert read["is"][2:] == list(policy.count())


def test_the_long_and_the_many_are_bounded_alike() -> None:
    text, own = checkpoint().decode().split("\n\n")
    other = "\u2014 a.example AAAAAAA=\n"
    many = [f"{text}\n\n{own}{other * more}".encode() for more in (99, 100)]
    long = [b"x" * 2_000_001, *(f"{text}\n{'x' * more}\n\n{own}".encode() for more in (1_000_000, 900_000))]
    ours, wrong = differing(Given(each, None, POLICY) for each in (*many, *long))

    assert [each and each.code for each in ours] == [FALSE, BROKEN, BROKEN, BROKEN, FALSE]
    assert wrong == []

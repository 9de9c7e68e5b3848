"""Policies: which logs are believed, and how many witnesses must have seen what they say."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint, cosign
from ledger.crypto import Signer
from ledger.note import WITNESS, BadSignature, Key, Malformed, Unsigned, spell
from ledger.policy import Policy, parse
from tests.vectors import Tally

LOG, OTHER = Signer("cacao.example/log", bytes(32)), Signer("cacao.example/log", b"\x09" * 32)
A, B, C, D = (Signer(f"{name}.example", bytes([at]) * 32, WITNESS) for at, name in enumerate("abcd", 1))
HEAD = Checkpoint(LOG.name, 7, bytes(32))
LINES = [f"log {LOG.key} https://cacao.example", f"witness a {A.key}", f"witness b {B.key} https://b.example/", f"witness c {C.key}"]


def policy(*lines: str) -> Policy:
    return parse("\n".join([*LINES, *lines, ""]))


def note(*signed_by: Signer, head: Checkpoint = HEAD) -> bytes:
    text = head.text()
    return spell(text, [cosign(each, text, 5) if each.key.type == WITNESS else each.line(text) for each in signed_by])


def test_a_policy_names_logs_and_witnesses_with_their_addresses() -> None:
    read = policy("group g 2 a b c", "quorum g")

    assert read.logs == ((LOG.key, "https://cacao.example"),)
    assert read.witnesses == {"a": (A.key, None), "b": (B.key, "https://b.example/"), "c": (C.key, None)}
    assert (read.quorum, read.count()) == ("g", (2, 3))


@pytest.mark.parametrize(
    ("quorum", "enough", "count"),
    [
        (["quorum none"], ["", "a", "abc"], (0, 0)),
        (["quorum b"], ["b", "ab", "bc", "abc"], (1, 1)),
        (["group g any a b c", "quorum g"], ["a", "b", "c", "ab", "ac", "bc", "abc"], (1, 3)),
        (["group g 2 a b c", "quorum g"], ["ab", "ac", "bc", "abc"], (2, 3)),
        (["group g all a b c", "quorum g"], ["abc"], (3, 3)),
        (["group g any b c", "group h all a g", "quorum h"], ["ab", "ac", "abc"], (2, 3)),
        (["group g all b c", "group h any a g", "quorum h"], ["a", "bc", "ab", "ac", "abc"], (1, 3)),
        (["group g any a b", "quorum c"], ["c", "ac", "bc", "abc"], (1, 1)),
    ],
)
def test_a_quorum_is_reached_by_those_and_no_others(quorum: list[str], enough: list[str], count: tuple[int, int]) -> None:
    read = policy(*quorum)
    every = ["".join(some) for size in range(4) for some in combinations("abc", size)]

    assert {some for some in every if read.satisfied(some)} == (set(enough) if quorum != ["quorum none"] else set(every))
    assert read.count() == count


def test_those_who_are_not_in_the_quorum_count_for_nothing() -> None:
    assert not policy("group g 2 a b", "quorum g").satisfied(["a", "c", "g", "d"])


def test_spaces_tabs_comments_and_empty_lines_mean_nothing() -> None:
    read = parse(f"# who\n\n \t \n\t log\t{LOG.key}  \n  # é \n witness   Ñandú {A.key}\nquorum\tÑandú")

    assert (read.logs, read.quorum) == (((LOG.key, None),), "Ñandú")


def test_a_policy_may_be_for_a_log_known_from_elsewhere() -> None:
    assert parse("quorum none\n").logs == ()


VKEY, MLDSA = str(A.key), "m.example+00000000+BgAA"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("quorum", "is not a line of a policy"), ("quorum a b", "is not a line of a policy"), ("Quorum a", "is not a line of a policy"),
        ("quorum d", "d is no witness and no group of the lines above"), ("log", "is not a line of a policy"),
        (f"log {OTHER.key} u v", "is not a line of a policy"), (f"log {LOG.key}", "the key of cacao.example/log stands there twice"),
        (f"log {Key('elsewhere.example', 1, LOG.key.public)}", "the key of elsewhere.example stands there twice"),
        (f"log {VKEY}", "the key of a.example is of type 4, not 1"), (f"witness d {OTHER.key}", "is of type 1, not 4"),
        (f"witness d {VKEY}", "the key of a.example stands there twice"), (f"witness d {MLDSA}", "is not base64|spells 3 bytes, not 33"),
        (f"witness a {D.key}", "the name a is taken"),
        (f"witness none {D.key}", "the name none is taken"), ("witness d", "is not a line of a policy"),
        ("group g", "is not a line of a policy"), ("group g any", "is not a line of a policy"), ("group g 0 a b", "0 of 2 members"),
        ("group g 3 a b", "3 of 2 members"), ("group g any a a", "a is a member twice"),
        *((f"group g {k} a b", "is not a decimal number") for k in ("+1", "01", "1_0", "most")),
        ("group g any a none", "none is no witness and no group"), ("group g any g", "g is no witness and no group"),
        ("group a any b", "the name a is taken"), ("group none any a", "the name none is taken"), ("group g any a\u00a0b", "is no witness"),
        ("quorum a\r", "it has a control character in it"), ("quorum a\x0b", "it has a control character in it"),
        ("a\x7f", "it has a control character in it"),
    ],
)  # fmt: skip
def test_a_line_in_any_other_form_is_refused_by_its_number(line: str, why: str) -> None:
    with pytest.raises(Malformed, match=rf"^line 5 of the policy: .*({why})"):
        policy(line, "quorum none" if "quorum" not in line else "")


def test_a_name_is_a_member_of_one_group_alone() -> None:
    with pytest.raises(Malformed, match=r"^line 6 of the policy: a is a member twice$"):
        policy("group g any a b", "group h any a c", "quorum h")


def test_there_is_one_quorum() -> None:
    with pytest.raises(Malformed, match=r"^line 6 of the policy: a second quorum$"):
        policy("quorum a", "quorum a")
    with pytest.raises(Malformed, match=r"^the policy has no quorum line; `quorum none` asks for no witness$"):
        policy()


def test_a_checkpoint_is_accepted_with_those_who_saw_it() -> None:
    seen = policy("group g 2 a b c", "quorum g").seen(note(LOG, A, C))

    assert (seen.checkpoint, seen.log, seen.witnesses) == (HEAD, LOG.key, {"a": 5, "c": 5})


def test_witnesses_alone_do_not_stand_for_the_log() -> None:
    with pytest.raises(Unsigned, match=r"^no log of the policy signed the checkpoint of cacao\.example/log$"):
        policy("quorum none").seen(note(A, B, C))


def test_a_key_signs_for_its_own_log_alone() -> None:
    elsewhere = HEAD._replace(origin="elsewhere.example/log")

    with pytest.raises(Unsigned, match=r"^no log of the policy signed the checkpoint of elsewhere\.example/log$"):
        policy("quorum none").seen(note(LOG, A, head=elsewhere))


def test_any_log_of_the_policy_will_do() -> None:
    read = parse(f"log {OTHER.key}\nlog {LOG.key}\nquorum none\n")

    assert read.seen(note(LOG)).log == LOG.key
    assert read.seen(note(OTHER)).log == OTHER.key


def test_one_bad_signature_of_a_known_witness_spoils_all() -> None:
    with pytest.raises(BadSignature):
        policy("group g any a b c", "quorum g").seen(note(LOG, A, B).replace(b"b.example ", b"b.example ").replace(b"\n7\n", b"\n8\n"))


def test_what_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(Malformed):
        policy("quorum none").seen(spell("anything\n", [LOG.line("anything\n")]))


def test_another_projects_policy_says_the_same_in_ours(tlog: Path, tally: Tally) -> None:
    """Sigsum writes keys in hexadecimal where we write vkeys; groups and quorum are written alike."""
    theirs = (tlog / "sigsum" / "sigsum-test-2025-3.builtin-policy").read_text(encoding="utf-8")

    def ours(found: "re.Match[str]") -> str:
        log = found["kind"] == "log"
        key = Key(found["name"] or f"sigsum.org/v1/tree/{found['key']}", 1 if log else WITNESS, bytes.fromhex(found["key"]))
        return f"log {key}" if log else f"witness {found['name']} {key}"

    read = parse(re.sub(r"^(?P<kind>log|witness)(?: +(?P<name>\S+))? +(?P<key>[0-9a-f]{64})", ours, theirs, flags=re.MULTILINE))
    glasklar = ["poc.sigsum.org/nisse", "rgdd.se/poc-witness", "witness1.smartit.nu/witness1"]
    others = [name for name in read.witnesses if name not in glasklar]

    assert (len(read.logs), len(others)) == (2, 5)
    agrees = {some: read.satisfied(some) == (len(some) >= 4) for size in range(6) for some in combinations(others, size)}
    agrees |= {(*some, *glasklar[:2]): read.satisfied([*some, *glasklar[:2]]) == (len(some) >= 3) for some in combinations(others, 3)}
    agrees |= {(*some, glasklar[0]): not read.satisfied([*some, glasklar[0]]) for some in combinations(others, 3)}
    assert all(agrees.values())
    tally("sigsum/policy", {"quorum": read.count() == (4, 8)})

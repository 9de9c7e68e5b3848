"""`cacao verify`: whether a proof or a checkpoint shows what it is said to show, offline, in one sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import orjson

from api import terminal
from api.languages import OFFICE, Language
from api.look import said
from ledger import checkpoint, crypto, note, policy, proof
from ledger.checkpoint import Checkpoint
from ledger.merkle import HASH_BYTES, Unproven, check_consistency, check_inclusion, leaf_hash
from ledger.note import BadSignature, Key, Malformed, Unsigned, unbase64
from ledger.policy import Policy, TooFew

Part = tuple[str, Mapping[str, object]]
"""A clause in English, and its values."""
TRUE: Final = 0
FALSE: Final = 1
BROKEN: Final = 2
WORDS: Final = ("True", "False", "No verdict")
MOST_BYTES: Final = 2_000_000
"""The longest file that is read: a proof has a few thousand bytes."""
UNSIGNED: Final = "nobody signed its roots here: compare them with those of a signed checkpoint"
_INCLUSION: Final = {"index": int, "size": int, "leaf_hash": str, "root": str, "proof": list}
_CONSISTENCY: Final = {"old": int, "new": int, "old_root": str, "new_root": str, "proof": list}


@dataclass(frozen=True)
class Verdict:
    """True, false or none; why, in clauses; and what was read, for machines."""

    code: Literal[0, 1, 2]
    parts: tuple[Part, ...]
    found: dict[str, Any] = field(default_factory=dict)

    def sentence(self, language: Language) -> str:
        """Why, in a language. What a file says is shown without what a terminal would obey."""
        clauses = "; ".join(said(language, template).format(**values) for template, values in self.parts)
        whole = f"{said(language, WORDS[self.code])}: {clauses}."
        return "".join(each if each.isprintable() else "\ufffd" for each in whole)


class Trust(NamedTuple):
    """Whose signatures count: those that a policy names; without one the log's own, where this house has its key."""

    policy: Policy | None = None
    own: Key | None = None

    def seen(self, signed: bytes) -> tuple[Checkpoint, Part, dict[str, Any]]:
        """A signed checkpoint, who vouches for it, and the same for machines. Raises what `Policy.seen` raises."""
        head = checkpoint.parse(note.parse(signed).text)
        found: dict[str, Any] = {"origin": head.origin, "size": head.size, "root": head.root.hex(), "checked_with": None}
        if self.policy:
            seen = self.policy.seen(signed, crypto.verify)
            by_policy = {"checked_with": "policy", "log": str(seen.log), "witnesses": seen.witnesses}
            return head, _vouched(self.policy, seen.witnesses), found | by_policy
        if self.own and self.own.name == head.origin:
            Policy.of(self.own).seen(signed, crypto.verify)
            own = "this house's own key signed it, and nothing else was checked: --policy names keys that you have from elsewhere"
            return head, (own, {}), found | {"checked_with": "own key", "log": str(self.own)}
        return head, ("nobody's signature was checked: --policy names the keys that count", {}), found


def trusted(written: bytes | None, log_key: Path) -> Trust:
    """The trust that a policy file names, or that this house's own key gives, if it has one. Raises Malformed."""
    if written is not None:
        try:
            return Trust(policy.parse(written.decode()))
        except UnicodeDecodeError:
            raise Malformed("the policy is not UTF-8") from None
    if not log_key.exists():
        return Trust()
    return Trust(own=crypto.Signer.parse(log_key.read_text(encoding="utf-8", errors="replace").strip()).key)


def _vouched(by: Policy, witnesses: Mapping[str, int]) -> Part:
    if not by.witnesses:
        return "its log signed it; the policy names no witness", {}
    values = {"seen": len(witnesses), "of": len(by.witnesses), "names": ", ".join(witnesses)}
    named = "its log signed it; seen by {seen} of {of} witnesses: {names}"
    return named if witnesses else "its log signed it; seen by {seen} of {of} witnesses", values


def broken(template: str, **values: object) -> Verdict:
    """No verdict, and why."""
    return Verdict(BROKEN, ((template, values),))


def verify(data: bytes, entry: bytes | None, trust: Trust) -> Verdict:
    """What a file shows: a .tlog-proof, a signed checkpoint, or a proof of inclusion or consistency as JSON."""
    try:
        return _kind(data)(data, entry, trust)
    except TooFew as few:
        return Verdict(FALSE, (_too_few(few),))
    except Unproven as unproven:
        return Verdict(FALSE, (("the proof does not lead where it should ({detail})", {"detail": unproven}),))
    except BadSignature as bad:
        return Verdict(FALSE, (("a signature does not hold: what was signed is another text ({detail})", {"detail": bad}),))
    except Unsigned as unsigned:
        return Verdict(FALSE, (("nobody whose signature counts signed it ({detail})", {"detail": unsigned}),))
    except Malformed as malformed:
        return broken("no proof and no checkpoint can be read in it ({detail})", detail=malformed)


def _kind(data: bytes) -> Callable[[bytes, bytes | None, Trust], Verdict]:
    if len(data) > MOST_BYTES:
        raise Malformed(f"{len(data):,} bytes")
    if data.startswith(b"c2sp.org/tlog-proof@"):
        return _proof
    return _json if data.lstrip()[:1] == b"{" else _checkpoint


def _too_few(few: TooFew) -> Part:
    values = {"seen": len(few.names), "of": few.of, "needed": few.needed, "names": ", ".join(few.names)}
    named = "seen by {seen} of {of} witnesses ({names}), and the policy asks for {needed}"
    return named if few.names else "seen by {seen} of {of} witnesses, and the policy asks for {needed}", values


def _checkpoint(data: bytes, entry: bytes | None, trust: Trust) -> Verdict:
    head, vouched, found = trust.seen(data)
    if entry is not None:
        return broken("a checkpoint shows no entry: give the entry's .tlog-proof")
    had = ("the log {origin} had {size} entries", {"origin": head.origin, "size": head.size})
    return Verdict(TRUE if found["checked_with"] else BROKEN, (had, vouched), {"what": "checkpoint"} | found)


def _proof(data: bytes, entry: bytes | None, trust: Trust) -> Verdict:
    read = proof.parse(data)
    head, vouched, found = trust.seen(read.checkpoint)
    found = {"what": "tlog-proof", "position": read.index + 1} | found
    if entry is None:
        return Verdict(BROKEN, (("a proof is of an entry: give its exact bytes with --entry", {}), vouched), found)
    if refused := _refused(entry, lambda leaf: check_inclusion(leaf, read.index, head.size, read.hashes, head.root)):
        return refused
    stands = "the entry stands at position {position} of {size} in the log {origin}"
    return Verdict(TRUE, ((stands, {"position": read.index + 1, "size": head.size, "origin": head.origin}), vouched), found)


def _refused(entry: bytes, check: Callable[[bytes], None]) -> Verdict | None:
    """Why an entry is not proven, where a newline too much is why. Raises Unproven for any other reason."""
    try:
        check(leaf_hash(entry))
    except Unproven:
        if not entry.endswith(b"\n"):
            raise
        check(leaf_hash(entry[:-1]))
        return Verdict(FALSE, (("an entry has no newline at its end: without the one in the file it would be true", {}),))
    return None


def _json(data: bytes, entry: bytes | None, trust: Trust) -> Verdict:
    try:
        of = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Malformed("it is not JSON in UTF-8") from None
    if {name: type(value) for name, value in of.items()} not in (_INCLUSION, _CONSISTENCY):
        raise Malformed(f"wanted {', '.join(_INCLUSION)}, or {', '.join(_CONSISTENCY)}")
    if trust.policy:
        return broken("a policy is about signatures, and a proof as JSON has none: give the .tlog-proof")
    hashes = [unbase64(each if isinstance(each, str) else "!", HASH_BYTES) for each in of["proof"]]
    return _grown(of, hashes, entry) if "old" in of else _included(of, hashes, entry)


def _grown(of: dict[str, Any], hashes: list[bytes], entry: bytes | None) -> Verdict:
    if entry is not None:
        return broken("a proof of consistency shows no entry: give the entry's .tlog-proof")
    check_consistency(of["old"], of["new"], hashes, unbase64(of["old_root"], HASH_BYTES), unbase64(of["new_root"], HASH_BYTES))
    begins = ("the log of {new} entries begins with that of {old}, unchanged", {"new": of["new"], "old": of["old"]})
    return Verdict(TRUE, (begins, (UNSIGNED, {})), {"what": "consistency", "checked_with": None} | of)


def _included(of: dict[str, Any], hashes: list[bytes], entry: bytes | None) -> Verdict:
    leaf, root = unbase64(of["leaf_hash"], HASH_BYTES), unbase64(of["root"], HASH_BYTES)
    check_inclusion(leaf, of["index"], of["size"], hashes, root)
    if entry is not None and (refused := _refused(entry, lambda of_entry: _same(of_entry, leaf))):
        return refused
    named = "an entry with this hash stands at position {position} of {size}"
    stands = "the entry stands at position {position} of {size}" if entry is not None else named
    place = (stands, {"position": of["index"] + 1, "size": of["size"]})
    return Verdict(TRUE, (place, (UNSIGNED, {})), {"what": "inclusion", "checked_with": None} | of)


def _same(of_entry: bytes, leaf: bytes) -> None:
    if of_entry != leaf:
        raise Unproven(f"the entry has the hash {of_entry.hex()}, the proof is of {leaf.hex()}")


def show(verdict: Verdict, *, as_json: bool) -> int:
    """Say it, Spanish first; the exit code."""
    sentences = {language: verdict.sentence(language) for language in OFFICE}
    if as_json:
        terminal.data({"verdict": ("true", "false", "broken")[verdict.code], **sentences, **verdict.found})
    else:
        for each in sentences.values():
            print(each)  # noqa: T201 - data goes to stdout
    return verdict.code

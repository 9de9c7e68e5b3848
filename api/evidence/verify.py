"""Check an evidence package: `python verify.py`. It needs Python 3.11 and nothing else, and asks nobody.

For every entry: its proof leads from its exact bytes to the root that the log signed (and, where `policy` names witnesses, that they
saw). For all that was sealed: salt and content are what the entry committed to. Exit code 0: all of it is true; 1: something is not; 2: the
package cannot be read. `--policy FILE` uses the keys that you have from elsewhere, not those in the package: only then is it a check of
more than the package against itself.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if (HERE / "verifier").is_dir():
    sys.path.insert(0, str(HERE / "verifier"))

from ledger import proof  # noqa: E402 - found where this file stands
from ledger.ed25519 import verify  # noqa: E402
from ledger.merkle import Unproven, check_inclusion, leaf_hash  # noqa: E402
from ledger.note import BadSignature, Malformed, Unsigned  # noqa: E402
from ledger.policy import Policy, Seen, parse  # noqa: E402

REFUSED = (Malformed, Unsigned, BadSignature, Unproven)


def say(words: str) -> None:
    """A line for whoever checks."""
    sys.stdout.write(f"{words}\n")


def seen_before(policy: Policy) -> Callable[[bytes], Seen]:
    """Check a signed checkpoint once, however many proofs lead to it."""
    known: dict[bytes, Seen] = {}

    def seen(signed: bytes) -> Seen:
        if signed not in known:
            known[signed] = policy.seen(signed, verify)
        return known[signed]

    return seen


def entries(folder: Path, manifest: dict[str, Any], policy: Policy) -> Iterator[str]:
    """What is wrong with the entries and their proofs; nothing where all are in the log."""
    seen = seen_before(policy)
    for position in manifest["entries"]:
        name = f"{position:09}"
        try:
            line = (folder / "entries" / f"{name}.json").read_bytes()
            read = proof.parse((folder / "proofs" / f"{name}.tlog-proof").read_bytes())
            head = seen(read.checkpoint).checkpoint
            if read.index != position - 1:
                yield f"entry {position}: its proof is of entry {read.index + 1}"
            check_inclusion(leaf_hash(line), read.index, head.size, read.hashes, head.root)
        except OSError as gone:
            yield f"entry {position}: {Path(gone.filename).name} cannot be read"
        except REFUSED as refused:
            yield f"entry {position}: {refused}"


def sealed(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the sealed content; nothing where all of it is what entries committed to."""
    for position in manifest["sealed"]:
        try:
            opened = json.loads((folder / "sealed" / f"{position:09}.json").read_bytes())
            fact = json.loads((folder / "entries" / f"{position:09}.json").read_bytes())["fact"]
            made = sha256(bytes.fromhex(opened["salt"]) + opened["content"].encode()).hexdigest()
            if made != fact["seal"]["commitment"]:
                yield f"entry {position}: the sealed content is not what the entry committed to"
        except (OSError, ValueError, KeyError, TypeError):
            yield f"entry {position}: its sealed content cannot be read"


def besides(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """What lies in the package and is not on its list, and so was not checked; and a list of nothing."""
    if not manifest["entries"]:
        yield "the package lists no entry: it shows nothing"
    for name in ("entries", "sealed"):
        listed = {f"{position:09}.json" for position in manifest[name]}
        there = {each.name for each in (folder / name).iterdir()} if (folder / name).is_dir() else set()
        for each in sorted(there - listed):
            yield f"{name}/{each} is not on the package's list"


def main(words: list[str] | None = None) -> int:
    """Check, say, and give the exit code."""
    asked = argparse.ArgumentParser(description="Check an evidence package. See the beginning of this file.")
    asked.add_argument("folder", nargs="?", type=Path, default=HERE, help="the package, unpacked")
    asked.add_argument("--policy", type=Path, help="keys that you have from elsewhere (C2SP tlog-policy)")
    said = asked.parse_args(words)
    try:
        manifest = json.loads((said.folder / "manifest.json").read_bytes())
        policy = parse((said.policy or said.folder / "policy").read_text(encoding="utf-8"))
        wrong = [*entries(said.folder, manifest, policy), *sealed(said.folder, manifest), *besides(said.folder, manifest)]
        of, opened = len(manifest["entries"]), len(manifest["sealed"])
    except (OSError, ValueError, KeyError, TypeError) as unreadable:
        say(f"The package cannot be read: {unreadable}")
        return 2
    for each in wrong:
        say(each)
    if wrong:
        say(f"FALSE: {len(wrong)} of {of + opened} checks failed.")
        return 1
    needed, witnesses = policy.count()
    say(f"TRUE: {of} entries are in the log {manifest['origin']}, and {opened} sealed contents are what they committed to.")
    say("The reports and the table are made of these entries, and are not checked: what counts is in `entries`.")
    say(f"Keys: {said.policy or 'those in the package itself: --policy takes those that you have from elsewhere'}.")
    say(f"Witnesses: {needed} of {witnesses} had to have seen it, and did." if witnesses else "Witnesses: none were asked for.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`cacao mirror`: copies a log into a folder, goes on where it stopped, and takes nothing that does not lead to the signed head."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from re import fullmatch
from time import sleep
from typing import Final

from api.fetching import Line, NoAnswer
from api.settings import GUARDED
from ledger import checkpoint, crypto, note
from ledger.checkpoint import Checkpoint
from ledger.merkle import Unproven, check_consistency, consistency
from ledger.mirror import KEY, Mirror, at, bundle_at, descend, leads, lines_under
from ledger.note import Key
from ledger.policy import Policy, Seen
from ledger.policy import parse as parse_policy
from ledger.tile import MOST_BYTES, WIDTH, Tile, path, reader, tiles_between

TRIES: Final = 6
"""Of one question that is not answered, or comes too soon."""
LONGEST_PAUSE: Final = 60.0
_MOST: Final = WIDTH * (MOST_BYTES + 2)
_LATER: Final = (429, 502, 503, 504)
Progress = Callable[[int], None]
Bar = Callable[[str, int], AbstractContextManager[Progress]]
CONTRADICTS: Final = "checkpoint.contradicts"
"""Where the other head is kept that the log's key signed too."""


class NotCopied(Exception):
    """It could not be done; the message is for people."""


class Rewritten(Exception):
    """The log is not the one that was copied before: two signed heads, of which one must be a lie."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a run did, and whose word the head stands on."""

    seen: Seen
    trusted: str
    tiles: int
    bundles: int


class Copying:
    """One run from one address into one folder. `token`: may read the entries of all; `policy`: who must have signed."""

    def __init__(self, url: str, folder: Path, token: str | None, policy: Policy | None, *, entries: bool) -> None:
        if token and not fullmatch(GUARDED, url):
            raise NotCopied("a token is sent over https:// only, or to this computer")
        try:
            self._line = Line(url, _MOST, 30.0)
        except ValueError as bad:
            raise NotCopied(f"{url}: {bad}") from None
        self._mirror, self._policy, self._entries = Mirror(folder), policy, entries or token is not None
        self._rights = {"Authorization": f"Bearer {token}"} if token else {}
        self._fetched: dict[Tile, bytes] = {}

    def close(self) -> None:
        """Close the line."""
        self._line.close()

    def take(self, bar: Bar) -> Copied:
        """Copy what is new. Raises NotCopied, Rewritten, and what signatures and proofs raise."""
        before, kept = self._mirror.note(), self._mirror.checkpoint()
        old = kept.size if kept else 0
        signed, seen, trusted = self._newest(old)
        head = seen.checkpoint
        if kept:
            self._goes_on(kept, head, signed)
        with bar("tiles", sum(1 for _ in tiles_between(old, head.size))) as progress:
            tiles = sum(self._tile(*each, progress) for each in descend(head, old, self._above))
        with bar("entries", -(-head.size // WIDTH) if self._entries else 0) as progress:
            bundles = self._bundles(head, old, progress) if self._entries else 0
        if trusted == "first seen":
            self._mirror.write(KEY, f"{seen.log}\n".encode())
        if signed != before and not self._mirror.keep(before, signed):
            raise NotCopied("another run put a checkpoint here meanwhile: start again")
        self._mirror.tidy()
        return Copied(seen, trusted, tiles, bundles)

    def _newest(self, old: int) -> tuple[bytes, Seen, str]:
        """The head that is served, signed; one that is older than what is kept may come out of a cache, and is asked for again."""
        for pause in (1.0, 2.0, 0.0):
            signed = self._get("/checkpoint")
            seen, trusted = self._seen(signed)
            if seen.checkpoint.size >= old:
                break
            sleep(pause)
        return signed, seen, trusted

    def _seen(self, signed: bytes) -> tuple[Seen, str]:
        """The head, signed by whom it must be: by the policy, by the key kept here, or by the one that the log itself shows."""
        if self._policy:
            return self._policy.seen(signed, crypto.verify), "policy"
        if key := self._mirror.key():
            return Policy.of(key).seen(signed, crypto.verify), "kept"
        return Policy.of(self._shown(signed)).seen(signed, crypto.verify), "first seen"

    def _shown(self, signed: bytes) -> Key:
        origin = checkpoint.parse(note.parse(signed).text).origin
        policy = parse_policy(self._get("/policy").decode(errors="replace"))
        for key, _ in policy.logs:
            if key.name == origin:
                return key
        raise NotCopied(f"the log shows no key of {origin} at /policy: take it from elsewhere, with --policy")

    def _goes_on(self, kept: Checkpoint, head: Checkpoint, signed: bytes) -> None:
        """That the log still begins with what was copied. Raises Rewritten, and keeps the evidence; Unproven."""
        if kept.origin != head.origin:
            raise NotCopied(f"the folder holds a copy of {kept.origin}, and this is {head.origin}: name another folder")
        root = head.root
        if kept.size < head.size:
            subtree = reader(head.size, lambda level, index: self._served(at(head.size, level, index)))
            try:
                root = subtree(0, kept.size) if kept.size else kept.root
                check_consistency(kept.size, head.size, consistency(kept.size, head.size, subtree), root, head.root)
            except (ValueError, Unproven) as why:
                raise Unproven(f"the tiles that are served do not lead to the head of {head.size:,} entries: {why}") from None
        if kept.size > head.size or root != kept.root:
            self._mirror.write(CONTRADICTS, signed)
            raise Rewritten(
                f"the log does not go on from what was copied: {kept.size:,} entries with root {kept.root.hex()} are kept here,"
                f" and {head.size:,} with root {head.root.hex()} are signed there. Nothing here was changed;"
                f" the other head is in {CONTRADICTS}"
            )

    def _above(self, tile: Tile) -> bytes:
        """A tile that others are checked by: a partial one as it is served, a full one as it was put here."""
        return (self._mirror.read(path(tile)) if tile.width == WIDTH else None) or self._served(tile)

    def _served(self, tile: Tile) -> bytes:
        if tile not in self._fetched:
            self._fetched[tile] = self._get(f"/{path(tile)}")
        return self._fetched[tile]

    def _tile(self, tile: Tile, root: bytes | None, progress: Progress) -> bool:
        """Have a tile here; whether it was copied just now."""
        here = self._mirror.read(path(tile)) if tile.width == WIDTH else None
        copied = here is None or not leads(tile, here, root)
        if copied:
            data = self._fetched[tile] if tile in self._fetched else self._get(f"/{path(tile)}")
            if not leads(tile, data, root):
                raise Unproven(f"{path(tile)}, as it is served, does not lead to the root that was signed")
            self._mirror.write(path(tile), data)
        progress(1)
        return copied

    def _bundles(self, head: Checkpoint, old: int, progress: Progress) -> int:
        copied = 0
        for index in range(-(-head.size // WIDTH)):
            hashes = self._mirror.read(path(at(head.size, 0, index))) or b""
            address = bundle_at(head.size, index)
            here = self._mirror.read(address)
            if here is None or (index >= old // WIDTH and not _holds(hashes, here, address)):
                data = self._get(f"/{address}", self._rights)
                lines_under(hashes, data, address)
                self._mirror.write(address, data)
                copied += 1
            progress(1)
        return copied

    def _get(self, address: str, rights: dict[str, str] | None = None) -> bytes:
        """What is served at an address; asked again later where it comes too soon. Raises NotCopied."""
        why = ""
        for attempt in range(TRIES):
            pause = 2.0**attempt / 4
            try:
                reply = self._line.ask("GET", address, headers=rights)
            except NoAnswer as failure:
                why = str(failure)
            else:
                if reply.status == 200:  # noqa: PLR2004 - it is there
                    return reply.body
                why = f"answered {reply.status}"
                if reply.status in (401, 403):
                    raise NotCopied(
                        f"{address}: {why}: entries are for a token that may read those of all (--token): an auditor's of the house"
                    )
                if reply.status not in _LATER:
                    break
                pause = _after(reply.headers.get("retry-after", ""), pause)
            if attempt + 1 < TRIES:
                sleep(min(pause, LONGEST_PAUSE))
        raise NotCopied(f"{address}: {why}")


def _after(written: str, otherwise: float) -> float:
    return float(written) if fullmatch("[0-9]{1,4}", written) else otherwise


def _holds(hashes: bytes, bundle: bytes, address: str) -> bool:
    try:
        lines_under(hashes, bundle, address)
    except Unproven:
        return False
    return True

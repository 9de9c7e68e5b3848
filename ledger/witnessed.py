"""What witnesses said of the published checkpoints: their lines under the notes, how far each has seen, and which head is shown."""

from typing import Final

from ledger import log, note
from ledger.policy import Policy
from ledger.schema import Connection

_SIGN: Final = "UPDATE log.checkpoints SET note = note || %(line)s WHERE origin = %(origin)s AND size = %(size)s"
_SEEN: Final = """INSERT INTO log.witnessed AS w (origin, witness, size) VALUES (%(origin)s, %(witness)s, %(size)s)
 ON CONFLICT (origin, witness) DO UPDATE SET size = greatest(w.size, EXCLUDED.size)"""
_LATEST: Final = "SELECT note, signed_at FROM log.checkpoints WHERE origin = %s ORDER BY size DESC LIMIT 100"


def add(conn: Connection, origin: str, size: int, witness: str, line: str) -> None:
    """Put a witness's line, which was verified, under the published checkpoint of that size. Its text does not change."""
    of = {"origin": origin, "size": size, "witness": witness, "line": line.encode()}
    with conn.transaction():
        conn.execute(_SIGN, of)
        conn.execute(_SEEN, of)


def sizes(conn: Connection, origin: str) -> dict[str, int]:
    """How many entries each witness has seen, by its name in the policy."""
    return {name: int(size) for name, size in conn.execute("SELECT witness, size FROM log.witnessed WHERE origin = %s", (origin,))}


def seen_by(checkpoint: bytes, policy: Policy) -> set[str]:
    """The witnesses of a policy whose lines stand under a checkpoint; they are not verified here."""
    there = {(each.name, each.id) for each in note.parse(checkpoint).signatures}
    return {name for name, (key, _) in policy.witnesses.items() if (key.name, key.id) in there}


def shown(conn: Connection, origin: str, policy: Policy, since: str) -> bytes | None:
    """The newest checkpoint that its quorum saw, where all that are newer were signed since then; otherwise the newest."""
    newest = log.newest(conn, origin)
    if newest is None or policy.satisfied(seen_by(newest, policy)):
        return newest
    for checkpoint, signed_at in conn.execute(_LATEST, (origin,), binary=True):
        if policy.satisfied(seen_by(bytes(checkpoint), policy)):
            return bytes(checkpoint)
        if signed_at < since:
            break
    return newest

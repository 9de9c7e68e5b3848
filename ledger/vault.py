"""What is about people, sealed under one key a subject, so that it can be forgotten while every entry stays.

An entry holds the subject (a random id) and a salted commitment. The vault holds, in a schema of its own, the subject's key
(wrapped by the key encryption key) and the sealed content with its salt. Destroying the key destroys content, salt and the
means to compare; the commitment that stays says nothing.
"""

import hmac
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import orjson

from domain.values import Seal
from ledger.crypto import Lock, NotOpened
from ledger.schema import Connection

KEY_BYTES: Final = 32
SUBJECTS, SEALED = "vault.subjects (subject, key)", "vault.sealed (tag, position, subject, command, org, sealed, mac)"
ANNULLED = "vault.annulled (position, org)"
ERASED: Final = "vault.erased (subject, basis, erased_at)"


class WrongKey(Exception):
    """The key encryption key is not the one this vault was sealed with."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The personal content under a tag, and the salt of its last commitment."""

    content: dict[str, Any]
    salt: bytes


def key_from(path: Path) -> bytes:
    """The key encryption key in a file; made, readable by its owner alone, where there is none. Raises WrongKey."""
    secret(path, lambda: os.urandom(KEY_BYTES).hex())
    return key_of(path.read_text(encoding="utf-8", errors="replace"), str(path))


def secret(path: Path, make: Callable[[], str]) -> None:
    """Make a file that its owner alone can read, where there is none; of two that make it at once the first one stands, whole."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{make()}\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()


def key_of(written: str, where: str) -> bytes:
    """A key of 64 hexadecimal digits. Raises WrongKey."""
    try:
        key = bytes.fromhex(written.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise WrongKey(f"{where}: wanted a key of 64 hexadecimal digits")
    return key


class Vault:
    """Seals and opens under the key encryption key. Holds no personal data itself."""

    def __init__(self, key: bytes) -> None:
        self._wrap = Lock(key)
        self._proof = hmac.digest(key, b"cacao vault", "sha256")
        self._marks = hmac.digest(key, b"cacao marks", "sha256")

    def check(self, conn: Connection) -> None:
        """The first key that comes is the vault's key; any other is refused. Raises WrongKey."""
        conn.execute("INSERT INTO vault.lock (proof) VALUES (%s) ON CONFLICT DO NOTHING", (self._proof,))
        if conn.execute("SELECT proof FROM vault.lock").fetchone() != (self._proof,):
            raise WrongKey("the vault was sealed with another key: put the old key file back, or set CACAO_KEY to the old key")

    def mark(self, purpose: str, content: bytes) -> str:
        """An HMAC for one purpose alone, hexadecimal: nobody without the key can make it, or find the content by trying."""
        return hmac.digest(hmac.digest(self._marks, purpose.encode(), "sha256"), content, "sha256").hex()

    def new_subject(self) -> tuple[str, bytes, tuple[UUID, bytes]]:
        """A subject, its key, and the row that keeps the key wrapped."""
        subject, key = uuid4(), os.urandom(KEY_BYTES)
        return str(subject), key, (subject, self._wrap.locked(key, subject.bytes))

    def key(self, conn: Connection, subject: str) -> bytes:
        """The key of a subject. Raises LookupError where it was erased."""
        row = conn.execute("SELECT key FROM vault.subjects WHERE subject = %s", (subject,)).fetchone()
        if row is None:
            raise LookupError(f"subject {subject} was erased")
        return self._open(self._wrap, row[0], UUID(subject).bytes)

    def seal(
        self, key: bytes, subject: str, tag: str, position: int, command: UUID, org: str, content: bytes
    ) -> tuple[Seal, tuple[Any, ...]]:
        """Put personal content away: what the entry at `position` says of it, and the row that keeps it."""
        salt = os.urandom(KEY_BYTES)
        body = orjson.dumps({"salt": salt.hex(), "content": content.decode()})
        sealed = Lock(key).locked(body, _place(tag, position))
        row = (tag, position, UUID(subject), command, org, sealed, _mac(key, content))
        return Seal(subject=subject, commitment=commitment(salt, content)), row

    def seal_secret(self, name: str, secret: bytes) -> bytes:
        """Seal a secret of the house itself, bound to its name."""
        return self._wrap.locked(secret, f"secret {name}".encode())

    def open_secret(self, name: str, sealed: bytes) -> bytes:
        """The secret under a name. Raises WrongKey."""
        return self._open(self._wrap, sealed, f"secret {name}".encode())

    def same(self, conn: Connection, command: UUID, content: bytes) -> bool:
        """Whether a command's personal content is what it was when accepted; true where it was erased, so that nothing comes back."""
        row = conn.execute(
            "SELECT s.subject, s.key, v.mac FROM vault.sealed v JOIN vault.subjects s USING (subject) WHERE v.command = %s", (command,)
        ).fetchone()
        return row is None or hmac.compare_digest(_mac(self._open(self._wrap, row[1], row[0].bytes), content), row[2])

    def open(self, conn: Connection, tags: Iterable[str], upto: int | None = None) -> dict[str, Opened]:
        """The personal content under those of the tags that have any and were not erased; what was given later replaces.

        With `upto`, of what was given up to that position.
        What was put away for an entry that was annulled since is left out.
        """
        rows = conn.execute(
            "SELECT v.tag, v.position, v.subject, s.key, v.sealed FROM vault.sealed v JOIN vault.subjects s USING (subject)"
            " WHERE v.tag = ANY(%(tags)s) AND (%(upto)s::int8 IS NULL OR v.position <= %(upto)s)"
            " AND NOT EXISTS (SELECT FROM vault.annulled a WHERE a.position = v.position) ORDER BY v.position",
            {"tags": list(tags), "upto": upto},
        )
        opened: dict[str, Opened] = {}
        for tag, position, subject, key, sealed in rows:
            salt, content = self.unsealed(tag, position, subject, key, sealed)
            further = Opened(orjson.loads(content), salt)
            opened[tag] = _amended(opened[tag], further) if tag in opened else further
        return opened

    def unsealed(self, tag: str, position: int, subject: UUID, wrapped: bytes, sealed: bytes) -> tuple[bytes, bytes]:
        """Salt and content of one row, as they were sealed. Raises WrongKey."""
        body = orjson.loads(self._open(Lock(self._open(self._wrap, wrapped, subject.bytes)), sealed, _place(tag, position)))
        return bytes.fromhex(body["salt"]), body["content"].encode()

    @staticmethod
    def _open(lock: Lock, sealed: bytes, bound_to: bytes) -> bytes:
        try:
            return lock.opened(sealed, bound_to)
        except NotOpened:
            raise WrongKey("sealed content does not open: the key is another, or the content was changed") from None


def commitment(salt: bytes, content: bytes) -> str:
    """What an entry says of personal content: SHA-256 of salt and content, hexadecimal."""
    return sha256(salt + content).hexdigest()


def _place(tag: str, position: int) -> bytes:
    """What sealed content is bound to, so that it opens nowhere else and in no other order."""
    return f"{tag}@{position}".encode()


def _amended(before: Opened, further: Opened) -> Opened:
    """Content with what was given later in its place; a field that was not given then stays."""
    given = {name: value for name, value in further.content.items() if value is not None}
    return Opened(before.content | given, further.salt)


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(hmac.digest(key, b"same content", "sha256"), content, "sha256")

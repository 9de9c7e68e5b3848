"""Make an evidence package: for one container, or for lots, named or drawn at random, all that an auditor needs to leave with.

Only what the asker may see goes in: entries of their organisation, and of sealed content what is sealed for it. It is made of what the
newest signed checkpoint covers.
"""

import csv
import io
import random
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from api.house import House
from api.languages import OFFICE as LANGUAGES
from api.languages import Language
from api.look import look, style
from api.publishing import policy
from api.sentences import sentence
from domain.values import plain
from ledger import log, proving
from ledger.checkpoint import Checkpoint
from ledger.checkpoint import parse as parse_checkpoint
from ledger.entry import Entry, read
from ledger.note import parse as parse_note
from ledger.proof import TlogProof
from ledger.schema import Connection
from ledger.vault import WrongKey
from projections import concern
from projections.balance import Row, Wanted, balance

MODULES: Final = ("__init__", "merkle", "note", "checkpoint", "proof", "policy", "ed25519")
"""Of `ledger`: what the verifier needs, as it runs here."""
HERE: Final = Path(__file__).parent
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
"""One time for all files, so that the same evidence is the same file."""
_SEALED: Final = """SELECT v.position, v.tag, v.subject, s.key, v.sealed FROM vault.sealed v JOIN vault.subjects s USING (subject)
 WHERE v.position = ANY(%s) ORDER BY v.position"""
_LOTS: Final = "SELECT lot FROM views.lots WHERE made_by = ANY(%s) ORDER BY lot"
_STUFFING: Final = "SELECT stuffing FROM views.containers WHERE container_no = %s ORDER BY first DESC LIMIT 1"
Progress = Callable[[int], None]


class NoEvidence(Exception):
    """There is nothing to give, for the reason given."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What goes into a package: what was asked for, the signed head, entries with their proofs, opened content, and the balance."""

    title: str
    nodes: tuple[str, ...]
    origin: str
    note: bytes
    head: Checkpoint
    entries: tuple[Entry, ...]
    opened: dict[int, dict[str, str]]
    rows: tuple[Row, ...]
    unsigned: int
    """Entries that belong to it and are newer than the signed head: they are left out."""


def of_container(house: House, org: str | None, number: str) -> tuple[str, list[str]]:
    """Title and node of a container's latest stuffing. Raises NoEvidence."""
    with house.reading(org) as conn:
        row = conn.execute(_STUFFING, (number,)).fetchone()
    if row is None:
        raise NoEvidence(f"no container {number} is known here")
    return number, [str(row[0])]


def of_lots(house: House, org: str | None, keys: Sequence[str]) -> tuple[str, list[str]]:
    """Title and nodes of lots by their keys. Raises NoEvidence."""
    with house.reading(org) as conn:
        known = {lot for (lot,) in conn.execute("SELECT lot FROM views.lots WHERE lot = ANY(%s)", (list(keys),))}
    if missing := [key for key in keys if key not in known]:
        raise NoEvidence(f"no lot {missing[0]} is known here")
    return ", ".join(keys), [f"lot:{key}" for key in keys]


def sampled(house: House, org: str | None, count: int, seed: int, made_by: Sequence[str] = ("lot-bought.v1",)) -> tuple[str, list[str]]:
    """Lots drawn at random among all purchases; the same seed draws the same ones, so that nobody can say they were picked."""
    with house.reading(org) as conn:
        lots = [lot for (lot,) in conn.execute(_LOTS, (list(made_by),))]
    drawn = sorted(random.Random(seed).sample(lots, min(count, len(lots))))  # noqa: S311 - to be drawn again by whoever checks it
    if not drawn:
        raise NoEvidence("no lot was bought yet")
    return f"{len(drawn)} of {len(lots):,} purchases, drawn with the seed {seed}", [f"lot:{lot}" for lot in drawn]


def gathered(house: House, org: str | None, title: str, nodes: Sequence[str]) -> Evidence:
    """All that belongs to some nodes, as far as it is signed and the asker may see it. Raises NoEvidence."""
    with house.pool.connection() as conn:
        note = log.newest(conn, house.settings.origin)
    if note is None:
        raise NoEvidence("nothing is signed yet: `cacao serve` signs within a second")
    head = parse_checkpoint(parse_note(note).text)
    with house.reading(org) as conn:
        tags, parties = concern.tags(conn, nodes)
        lots = {tag.partition(":")[2] for tag in tags if tag.startswith("lot:")}
        rows = [row for row in balance(conn, org, "lot", Wanted()) if row.key in lots]
    with house.pool.connection() as conn:
        found = concern.tagged(conn, tags, parties)
    with house.reading(org) as conn:
        there = concern.theirs(conn, found)
        positions = [position for position in there if position <= head.size]
        opened = dict(_opened(house, conn, positions))
    with house.pool.connection() as conn:
        lines = conn.execute(
            "SELECT position, line FROM ledger.entries WHERE position = ANY(%s) ORDER BY position", (positions,), binary=True
        ).fetchall()
    entries = tuple(read(position, bytes(line)) for position, line in lines)
    return Evidence(title, tuple(nodes), house.settings.origin, note, head, entries, opened, tuple(rows), len(there) - len(positions))


def _opened(house: House, conn: Connection, positions: list[int]) -> Iterator[tuple[int, dict[str, str]]]:
    """What was sealed with entries, and opens: the very content that they committed to."""
    for position, tag, subject, key, sealed in conn.execute(_SEALED, (positions,)).fetchall():
        try:
            salt, content = house.vault.unsealed(tag, position, subject, bytes(key), bytes(sealed))
        except WrongKey:
            continue
        yield position, {"salt": salt.hex(), "content": content.decode()}


def write(house: House, evidence: Evidence, into: BinaryIO, progress: Progress = lambda _more: None) -> None:
    """Write the package as a zip file."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as zipped:

        def put(name: str, data: bytes) -> None:
            zipped.writestr(zipfile.ZipInfo(name, _WHEN), data, zipfile.ZIP_DEFLATED)

        for name, data in _fixed(house, evidence):
            put(name, data)
        with house.pool.connection() as conn:
            for entry in evidence.entries:
                put(f"entries/{entry.position:09}.json", entry.line)
                proof = proving.included(conn, entry.position - 1, evidence.head.size, house.nodes)
                put(f"proofs/{entry.position:09}.tlog-proof", TlogProof(entry.position - 1, proof.hashes, evidence.note).spell().encode())
                progress(1)
        for position, content in evidence.opened.items():
            put(f"sealed/{position:09}.json", orjson.dumps(content))


def _fixed(house: House, evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    """Files of which there is one: reports, tables, keys, the verifier."""
    yield "manifest.json", orjson.dumps(_manifest(evidence), option=orjson.OPT_INDENT_2)
    yield "informe.html", report(evidence, "es").encode()
    yield "report.html", report(evidence, "en").encode()
    yield "balance.csv", table(evidence.rows).encode()
    yield "checkpoint", evidence.note
    yield "policy", policy(house).encode()
    yield "verify.py", (HERE / "verify.py").read_bytes()
    for name in MODULES:
        yield f"verifier/ledger/{name}.py", (HERE.parents[1] / "ledger" / f"{name}.py").read_bytes()


def _manifest(evidence: Evidence) -> dict[str, Any]:
    return {
        "about": evidence.title, "nodes": evidence.nodes, "origin": evidence.origin, "size": evidence.head.size,
        "root": evidence.head.root.hex(), "entries": [entry.position for entry in evidence.entries], "sealed": list(evidence.opened),
        "not_signed_yet": evidence.unsigned,
    }  # fmt: skip


FIGURES: Final = Row._fields[2:]


def table(rows: Iterable[Row]) -> str:
    """The mass balance of every lot, in kilograms, as CSV; nothing in it begins a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["lot", "form", *(f"{name}_kg" for name in FIGURES)])
    writer.writerows([row.key, row.form, *(plain(Decimal(getattr(row, name)) / 1000) for name in FIGURES)] for row in rows)
    return out.getvalue()


def report(evidence: Evidence, language: Language) -> str:
    """The package in words: one document that stands alone."""
    told = [(entry, sentence(entry.fact, language), evidence.opened.get(entry.position)) for entry in evidence.entries]
    return look(language).render("evidence.html", it=evidence, told=told, style=style(), kg=lambda grams: Decimal(grams) / 1000)


__all__ = ["LANGUAGES", "Evidence", "NoEvidence", "gathered", "of_container", "of_lots", "report", "sampled", "table", "write"]

"""`cacao fsck` at the terminal: everything recomputed from the stored bytes, with a bar; what is wrong, first things first."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import psycopg

from api import terminal
from api.house import House
from api.publishing import last_signed, signer
from ledger.erase import Standing, standing
from ledger.fsck import Finding, Fsck
from ledger.log import Diverged
from ledger.schema import SERVER, connect
from projections.rebuild import Compared, rebuild

MOST: int = 1_000
"""Findings that are told; where there are more, that is said."""


def run(house: House, *, views: bool, as_json: bool) -> int:
    """Look, and tell. Exit code 1 where something is wrong."""
    with house.pool.connection() as conn:
        ((size,),) = conn.execute("SELECT size FROM ledger.head").fetchall()
    with terminal.bar("entries", size) as more:
        log, findings = _ledger(house, _further(more))
    with terminal.bar("sealed content", size) as more:
        held = _sealed(house, more)
    findings += [Finding("what was sealed with entry {at}: {why}", {"at": f"{at:,}", "why": why}, at) for at, why in held.broken]
    compared: list[Compared] = []
    if views:
        with terminal.bar("views", size) as more:
            try:
                _, compared = rebuild(house.url, _further(more))
            except (ValueError, KeyError, TypeError, LookupError, psycopg.Error) as failure:
                findings.append(Finding("the views cannot be made of these entries ({failure})", {"failure": type(failure).__name__}))
    findings += [
        Finding("the view {view} was not what the entries give; it has been made again", {"view": each.view})
        for each in compared
        if each.before != each.after
    ]
    told = sorted(findings[:MOST], key=lambda each: each.position or 0)
    if as_json:
        terminal.data(_said(log, told, compared) | {"sealed": {"kept": held.kept, "erased": held.erased, "erased_unsaid": held.unsaid}})
    else:
        _tell(log, told, compared, held)
    return 1 if findings else 0


def _ledger(house: House, progress: Callable[[int, int], None]) -> tuple[Fsck, list[Finding]]:
    findings: list[Finding] = []
    keys = []
    try:
        keys.append(signer(house).key)
    except Diverged as gone:
        findings.append(Finding(gone.template, gone.values))
    with connect(house.url, SERVER) as conn:
        log = Fsck(conn, house.settings.origin, keys, last_signed(house).read(), progress)
        findings += _some(log.findings())
    return log, findings


def _sealed(house: House, more: Callable[[int], None]) -> Standing:
    """What became of all that was sealed: kept, erased, or broken."""
    with connect(house.url, SERVER) as conn, conn.transaction(), conn.cursor("lines") as lines:
        lines.itersize = 5_000
        lines.execute("SELECT position, line FROM ledger.entries ORDER BY position")
        with connect(house.url, SERVER) as looking:
            return standing(looking, house.vault, ((position, bytes(line)) for position, line in lines), more)


def _some(findings: Iterator[Finding]) -> list[Finding]:
    """As many findings as anybody reads; looking further would not make the ledger any better."""
    return [each for _, each in zip(range(MOST + 1), findings, strict=False)]


def _further(more: Callable[[int], None]) -> Callable[[int, int], None]:
    """Progress by how far it is, from progress by how many more."""
    done = 0

    def progress(reached: int, _size: int) -> None:
        nonlocal done
        more(reached - done)
        done = reached

    return progress


def _said(log: Fsck, findings: list[Finding], compared: list[Compared]) -> dict[str, Any]:
    found = [{"position": each.position, "sentence": str(each), "template": each.template, "values": each.values} for each in findings]
    root = log.root.hex() or None
    return {"origin": log.origin, "size": log.size, "root": root, "findings": found, "views": [asdict(each) for each in compared]}


def _tell(log: Fsck, findings: list[Finding], compared: list[Compared], held: Standing) -> None:
    views = "" if not compared else f", {len(compared)} views made again and compared"
    terminal.say(f"Sealed with them: {held.kept:,} contents are what was committed to, {held.erased:,} were erased.")
    if not findings:
        terminal.say(f"{log.size:,} entries of {log.origin} are what was hashed and signed: root {log.root.hex()}{views}")
        return
    rows = [("" if each.position is None else f"{each.position:,}", str(each)) for each in findings[:MOST]]
    terminal.table(f"{log.size:,} entries of {log.origin}", ("entry", "what is wrong"), rows)
    if len(findings) > MOST:
        terminal.say(f"… and more than these {MOST:,}")
    terminal.say("Stop writing. Keep this database as it is, and restore from a backup or a mirror: see `Operating it` in the README.")

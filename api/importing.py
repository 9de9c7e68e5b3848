"""`cacao import` at the terminal: a bar while it reads, a table when it is done."""

from collections import defaultdict
from pathlib import Path

from api import terminal
from api.house import House
from api.imports import ACCEPTED, REPEAT, Busy, Import, expected_rows
from api.report import write_people, write_refused
from api.season import FILES, Folder, NotASeason
from domain.values import CODES
from ledger.act import Unavailable, Unsure
from projections import follow


def run(house: House, path: Path, book: str, report: Path | None, *, org: str | None = None, rehearse: bool, as_json: bool) -> int:
    """Import a folder, write its reports, print the sums. Exit code 0 when all rows were answered, 2 when not."""
    try:
        folder = Folder(path, book)
        writer = house.rehearsal() if rehearse else house.writer
        if not rehearse:
            house.follower.wake()  # the views are made while rows are read: PostgreSQL has a core of its own
        with terminal.bar("rows", expected_rows(folder)) as progress:
            done = Import(folder, writer, house.url, org=org and f"{book}/{org}", rehearse=rehearse, progress=progress)
            done.take()
    except (NotASeason, Busy) as error:
        terminal.say(f"cacao: {error}")
        return 2
    except (Unavailable, Unsure) as error:
        terminal.say(f"cacao: {error}. Run the same command again: it goes on after the last answered row.")
        return 2
    if not rehearse:
        with follow.connected(house.url) as conn:
            follow.catch_up(conn)
    if report:
        write_refused(done, report)
        write_people(done, report)
    _print(done, as_json=as_json)
    _warn(done, folder)
    return 0


def _print(done: Import, *, as_json: bool) -> None:
    counts = done.counts()
    if as_json:
        by_file: dict[str, dict[str, int]] = defaultdict(dict)
        for (at, answer), count in sorted(counts.items()):
            by_file[FILES[at].name][answer] = count
        terminal.data({"files": by_file, "refused": _refusals(counts), "rehearsal": done.rehearse})
        return
    rows = []
    for at, file in enumerate(FILES):
        refused = sum(count for (of, answer), count in counts.items() if of == at and answer not in (ACCEPTED, REPEAT))
        rows.append((file.name, counts.get((at, ACCEPTED), 0), counts.get((at, REPEAT), 0), refused))
    sums = ("total", *(sum(int(row[column]) for row in rows) for column in (1, 2, 3)))
    terminal.table(
        "rehearsed, nothing appended" if done.rehearse else "imported", ("file", "accepted", "repeats", "refused"), [*rows, sums]
    )
    if codes := _refusals(counts):
        terminal.table("refused", ("code", "rows"), list(codes.items()))


def _refusals(counts: dict[tuple[int, str], int]) -> dict[str, int]:
    by_code = {code: sum(count for (_, of), count in counts.items() if of == code) for code in CODES}
    return {code: count for code, count in by_code.items() if count}


def _warn(done: Import, folder: Folder) -> None:
    """A folder whose files hold other numbers of rows than season.json says may have been cut short."""
    counts = done.counts()
    for at, file in enumerate(FILES):
        found = sum(count for (of, _), count in counts.items() if of == at)
        if (said := folder.season.rows.get(file.name)) is not None and said != found:
            terminal.say(f"cacao: {file.name} holds {found} rows, season.json says {said}: was the file cut short?")

"""`cacao rebuild` at the terminal: progress with the time left, each view's digest before and after."""

from dataclasses import asdict

from api import terminal
from api.house import House
from projections.rebuild import rebuild


def run(house: House, *, as_json: bool) -> int:
    """Rebuild, print the comparison; exit code 1 if a view differs."""
    with house.pool.connection() as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    done = 0
    with terminal.bar("entries", int(row[0]) if row else None) as progress:

        def more(reached: int, _size: int) -> None:
            nonlocal done
            progress(reached - done)
            done = reached

        at, compared = rebuild(house.url, more)
    same = all(each.before == each.after for each in compared)
    if as_json:
        terminal.data({"position": at, "same": same, "views": [asdict(each) for each in compared]})
    else:
        rows = [(each.view, each.before[:16], each.after[:16], "same" if each.before == each.after else "DIFFERS") for each in compared]
        terminal.table(f"rebuilt at position {at:,}", ("view", "before", "after", ""), rows)
    return 0 if same else 1

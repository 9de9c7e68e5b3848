"""What a view is: tables, and for each kind of fact the rows it adds to them. A fold never reads; it only adds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.schema import OFFICE, SERVER, THEIRS, Connection

Fact = Mapping[str, Any]
Facts = list[tuple[int, Fact]]
"""(position, fact), in order."""
Rows = Iterable[tuple[str, tuple[Any, ...]]]
Fold = Callable[[int, Fact], Rows]
"""(position, fact) -> (table, row) to add."""


GONE: Final = "gone_"
"""What the name of a table begins with in which rows stand whose entry was annulled."""
_PLAIN_TEXT = 'text COLLATE "C"'
"""Ids in the order of their bytes: the same on every machine, and several times quicker to sort."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its columns (name -> PostgreSQL type), its key, and further indexes."""

    name: str
    columns: Mapping[str, str]
    key: str
    indexes: tuple[str, ...] = ()
    theirs: str | None = "{org}"
    """Condition of a row that an organisation may see; `{column}` holds where that column names it. None: nobody sees any."""

    def gone(self) -> "Table":
        """The table in which rows stand whose entry was annulled, and by which: a freed id may stand in it more than once."""
        key = self.key if "position" in self.key.split(", ") else f"{self.key}, position"
        return Table(f"{GONE}{self.name}", {**self.columns, "annulled_by": "int8"}, key, self.indexes, self.theirs)

    def create(self, schema: str) -> str:
        """SQL that makes the table, without key and indexes."""
        columns = ", ".join(f"{name} {_PLAIN_TEXT if kind == 'text' else kind}" for name, kind in self.columns.items())
        return f"CREATE TABLE {schema}.{self.name} ({columns})"

    def finish(self, schema: str) -> list[str]:
        """SQL that adds the key and the indexes."""
        further = [f"CREATE INDEX ON {schema}.{self.name} ({index})" for index in self.indexes]
        return [f"ALTER TABLE {schema}.{self.name} ADD PRIMARY KEY ({self.key})", *further]

    def walled(self, schema: str) -> str:
        """SQL that shows the office's role the rows of one organisation (row-level security), and the serving role all."""
        name, theirs = f"{schema}.{self.name}", self.theirs and self.theirs.format_map(_Theirs(schema=schema))
        shown = f"GRANT SELECT ON {name} TO {OFFICE}; CREATE POLICY theirs ON {name} TO {OFFICE} USING ({theirs})" if theirs else ""
        return f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; CREATE POLICY served ON {name} TO {SERVER} USING (true); {shown}"


class _Theirs(dict[str, str]):
    """`{column}` -> the condition that it names the organisation asked for; `{schema}` the schema."""

    def __missing__(self, column: str) -> str:
        return THEIRS.format(column)


Settle = Callable[[Connection, str, Facts], None]
"""(connection, schema, facts of the batch) -> what rows cannot say: done in the same commit, after the rows are in."""
Undo = Callable[[Connection, str, Facts, int], None]
"""(connection, schema, facts of earlier batches that are annulled now, position reached) -> what they had settled, without them."""


@dataclass(frozen=True, slots=True)
class View:
    """One view: its tables, its fold by kind, and what is settled after a batch, or settled otherwise (for `settles` kinds)."""

    name: str
    tables: tuple[Table, ...]
    folds: Mapping[str, Fold]
    settle: Settle | None = None
    settles: frozenset[str] = field(default_factory=frozenset)
    undo: Undo | None = None


def table(name: str, columns: str, key: str, *indexes: str, theirs: str | None = "{org}") -> Table:
    """A table from `name type, name type, …`."""
    pairs = (column.strip().partition(" ") for column in columns.split(","))
    return Table(name, {column: kind for column, _, kind in pairs}, key, indexes, theirs)


def annullable(*tables: Table) -> tuple[Table, ...]:
    """Tables, each followed by the one in which its rows stand whose entry was annulled."""
    return tuple(each for one in tables for each in (one, one.gone()))


def book_of(key: str) -> str:
    """The book of a key BOOK/ID."""
    return key.partition("/")[0]

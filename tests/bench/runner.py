"""The peer of `bench_rebuild`: the eventsourcing library's ProjectionRunner over its own events, one transaction an event."""

from collections.abc import Sequence
from typing import Any

from common import seconds
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg import conninfo
from psycopg.sql import SQL, Identifier

A_SAVE = 200
COLUMNS = "lot text PRIMARY KEY, holder text, grams int8, plot text, events int"


class Lot(Aggregate):
    """A harvested lot, as the library's users write one."""

    def __init__(self, lot_id: str, holder_id: str, grams: int, plot_id: str, form: str, note: str) -> None:
        self.lot_id, self.holder_id, self.grams, self.plot_id, self.form, self.note = lot_id, holder_id, grams, plot_id, form, note


class Harvests(Application):
    """Where lots are kept."""

    name = "peerharvests"


class View(PostgresTrackingRecorder):
    """A table of lots, written in the transaction that notes the position."""

    def __init__(self, datastore: PostgresDatastore, *, tracking_table_name: str = "peertracking", **further: Any) -> None:
        super().__init__(datastore, tracking_table_name=tracking_table_name, **further)
        create = SQL("CREATE TABLE IF NOT EXISTS {}.{} (" + COLUMNS + ")")
        self.sql_create_statements.append(create.format(Identifier(datastore.schema), Identifier("peerlots")))

    def put(self, made: Any, tracking: Tracking) -> None:
        """One event, one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO peerlots VALUES (%s, %s, %s, %s, 1) ON CONFLICT (lot) DO UPDATE SET events = peerlots.events + 1",
                (made.lot_id, made.holder_id, made.grams, made.plot_id),
                prepare=True,
            )


class ToView(Projection[View]):
    """Events to rows."""

    name = "peerview"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """The library calls it for every event."""
        if isinstance(domain_event, Lot.Created):
            self.view.put(domain_event, tracking)


def measured(url: str, facts: Sequence[dict[str, Any]]) -> float:
    """Events a second of the library's runner over so many events."""
    info = conninfo.conninfo_to_dict(url)
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(info["dbname"]),
        "POSTGRES_HOST": str(info.get("host", "")),
        "POSTGRES_PORT": str(info.get("port", "5432")),
        "POSTGRES_USER": str(info.get("user", "")),
        "POSTGRES_PASSWORD": str(info.get("password", "")),
    }
    lots = [Lot(**fact) for fact in facts]
    with Harvests(env=env) as app:
        for at in range(0, len(lots), A_SAVE):
            app.save(*lots[at : at + A_SAVE])
    return len(lots) / seconds(lambda: _run(env))


def _run(env: dict[str, str]) -> None:
    with ProjectionRunner(application_class=Harvests, projection_class=ToView, view_class=View, env=env) as runner:
        runner.wait(runner.app.recorder.max_notification_id(), timeout=120)

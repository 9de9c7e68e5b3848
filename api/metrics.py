"""Figures for Prometheus: what this process answered, and where ledger and views stand. Counts only: no id, no name, no address."""

from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api import witnesses
from api.house import House
from api.logs import outcome
from ledger import log, publisher
from ledger.decision import Answer, Denied
from ledger.schema import Connection
from ledger.store import OUT_OF_REACH

PATIENCE_SECONDS: Final = 2.0
"""How long a connection is waited for before the database counts as out of reach."""
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The figures of one application, in a registry of its own."""

    def __init__(self, house: House) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(namespace="cacao", registry=self._registry)
        self._registry.register(_Ledger(house))
        self._refused = Counter("cacao_refused", "Commands refused, by code.", ["code"], registry=self._registry)
        self._answered = Histogram(
            "cacao_answer_seconds",
            "From handing commands over to their answers, the commit included.",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._requests = Counter("cacao_http_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry)
        self._limited = Counter("cacao_rate_limited", "Requests answered 429, by what ran out.", ["by"], registry=self._registry)

    def answered(self, answers: Sequence[Answer], seconds: float) -> None:
        """Commands were decided together."""
        self._answered.observe(seconds)
        for answer in answers:
            if isinstance(answer, Denied):
                self._refused.labels(outcome(answer)).inc()

    def malformed(self) -> None:
        """A command could not be read."""
        self._refused.labels("malformed").inc()

    def request(self, method: str, route: str, status: int) -> None:
        """A request was answered."""
        self._requests.labels(method if method in _METHODS else "other", route, status).inc()

    def limited(self, by: str) -> None:
        """A request came too soon, by its token or its address."""
        self._limited.labels(by).inc()

    def text(self) -> bytes:
        """All figures as Prometheus reads them. Asks the database."""
        return generate_latest(self._registry)


_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class _Ledger(Collector):
    """Where ledger and views stand, asked when somebody looks; entries by kind are counted on from where they were counted last."""

    def __init__(self, house: House) -> None:
        self._house, self._lock = house, Lock()
        self._kinds: dict[str, int] = {}
        self._counted = 0

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The figures; where the database is out of reach, only that."""
        try:
            with self._lock, self._house.pool.connection(PATIENCE_SECONDS) as conn:
                size, shown = stand(conn)
                signed, trouble = publisher.size_of(conn, self._house.settings.origin), log.trouble(conn) is not None
                behind = witnesses.behind(conn, self._house)
                self._count(conn, shown)
        except OUT_OF_REACH:
            yield GaugeMetricFamily("cacao_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("cacao_database_up", "Whether the database answers.", 1)
        yield GaugeMetricFamily("cacao_tree_size", "Entries in the ledger.", size)
        yield GaugeMetricFamily("cacao_signed_size", "Entries that the newest signed checkpoint covers.", signed)
        yield GaugeMetricFamily("cacao_log_trouble", "1 where nothing is signed any more: /healthz says why.", int(trouble))
        yield GaugeMetricFamily("cacao_witnesses", "Witnesses of the policy.", len(behind))
        yield GaugeMetricFamily("cacao_witnesses_saw_newest", "Witnesses that saw the newest head.", list(behind.values()).count(0))
        lag = GaugeMetricFamily(
            "cacao_witness_lag_entries", "Entries that a witness has not seen, by its name in the policy.", labels=["witness"]
        )
        for name, entries_ in behind.items():
            lag.add_metric([name], entries_)
        yield lag
        yield GaugeMetricFamily("cacao_projection_lag_entries", "Entries that the views do not show yet.", size - shown)
        entries = CounterMetricFamily("cacao_entries", "Entries that the views show, by kind.", labels=["kind"])
        for kind, count in sorted(self._kinds.items()):
            entries.add_metric([kind], count)
        yield entries

    def _count(self, conn: Connection, upto: int) -> None:
        further = conn.execute(
            "SELECT kind, count(*) FROM views.moments WHERE position > %s AND position <= %s GROUP BY kind", (self._counted, upto)
        )
        for kind, count in further:
            self._kinds[kind] = self._kinds.get(kind, 0) + count
        self._counted = upto


def stand(conn: Connection) -> tuple[int, int]:
    """How many entries the ledger has, and how many the views show."""
    row = conn.execute("SELECT (SELECT size FROM ledger.head), (SELECT position FROM views.progress)").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)

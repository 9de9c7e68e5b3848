"""Any sequence of commands, repeats and crashes, against a plain dictionary: kilograms are conserved, and every view equals its replay."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
import psycopg
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from psycopg import conninfo

from domain.vocabulary import COMMANDS
from ledger import schema
from ledger.act import Act
from ledger.decision import Accepted, Answer, Denied, Repeated
from ledger.merkle import Range, leaf_hash, unpacked
from ledger.vault import Vault
from ledger.writer import Writer
from projections import follow
from projections.lineage import down, shares_above, shares_below, up
from projections.rebuild import rebuild

KEY = bytes(range(32))
WHEN = "2026-05-02T10:00:00-05:00"
EARLY = "2024-01-01T00:00:00-05:00"
NUMBERS = ("CSQU3054383", "TRHU6368220")
HOLDERS = ("FA-1", "FA-2", "AG-1", "EX-1")
GRAMS = st.integers(1, 60_000)


def near(there: int) -> st.SearchStrategy[int]:
    """Some, all, or one more than there is."""
    return st.one_of(st.integers(1, max(1, there)), st.sampled_from((max(1, there), there + 1)))


def kg(grams: int) -> str:
    return f"{grams // 1000}.{grams % 1000:03d}"


@contextmanager
def a_database(cluster: str) -> Iterator[str]:
    name = f"m{uuid4().hex}"
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    yield conninfo.make_conninfo(cluster, dbname=name)
    with psycopg.connect(cluster, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Season(RuleBasedStateMachine):
    """The model: lots as [form, holder, grams on hand], containers as [stage, grams], and sums of what came and went."""

    cluster = ""

    def __init__(self) -> None:
        super().__init__()
        self._context = a_database(self.cluster)
        self.url = self._context.__enter__()
        schema.install(self.url)
        follow.install(self.url)
        self.writer = Writer(self.url, Vault(KEY))
        self.lots: dict[str, list[Any]] = {}
        self.containers: dict[str, list[Any]] = {}
        self.handouts: dict[str, list[int]] = {}
        self.grafts: dict[str, int] = {}
        self.harvested = self.lost = self.loaded = self.shrunk = 0
        self.seedlings, self.buds = 500, 300
        self.accepted: list[dict[str, Any]] = []
        self.count = 0
        self._prepare()

    def _prepare(self) -> None:
        for party, role in (("FA-1", "farmer"), ("FA-2", "farmer"), ("AG-1", "aggregator"), ("EX-1", "exporter"), ("NU-1", "nursery")):
            self.ask("enrol-party", party_id=party, role=role, name=f"Name of {party}", district="220505", enrolled_at=EARLY)
        for at, farmer in enumerate(("FA-1", "FA-2"), 1):
            point = {"type": "Point", "coordinates": [-76.4, -6.5 - at / 10]}
            self.ask(
                "register-plot", plot_id=f"P-{at}", holder_id=farmer, area_ha="1.5", district="220505", system="agroforestry",
                planted_at=EARLY, surveyed_at=EARLY, accuracy_m="3", geometry=point,
            )  # fmt: skip
        self.ask("raise-seedlings", nursery_lot_id="NL-1", nursery_id="NU-1", species="cacao", clone="IMC-67", count="500", raised_at=EARLY)
        self.ask("cut-budwood", budwood_id="BW-1", mother_plot_id="P-2", clone="ICS-95", sticks="100", cut_at=EARLY)

    def ask(self, do: str, expect: str | None = None, **fields: Any) -> bool:
        """Send one command; it must be accepted, or refused with the code expected."""
        body = {"do": do, "id": str(uuid4()), **fields}
        [answer] = self.send(body)
        if expect:
            assert isinstance(answer, Denied), (body, answer)
            assert answer.code == expect, (body, answer)
            return False
        assert isinstance(answer, Accepted), (body, answer)
        self.count += 1
        assert answer.positions == (self.count,)
        self.accepted.append(body)
        return True

    def send(self, *bodies: dict[str, Any]) -> list[Answer]:
        return self.writer.submit(Act([COMMANDS.validate_python(body) for body in bodies], "test", "main")).result(30)

    def fresh(self, prefix: str) -> str:
        return f"{prefix}-{len(self.accepted) + len(self.lots)}-{uuid4().hex[:6].upper()}"

    @rule(plot=st.sampled_from(("P-1", "P-2", "P-9")), grams=GRAMS)
    def harvest(self, plot: str, grams: int) -> None:
        lot = self.fresh("H")
        expect = "unknown-plot" if plot == "P-9" else None
        if self.ask("record-harvest", expect, lot_id=lot, plot_id=plot, kg=kg(grams), from_at=WHEN, to_at=WHEN):
            self.lots[lot] = ["wet", f"FA-{plot[-1]}", grams]
            self.harvested += grams

    @precondition(lambda self: self.lots)
    @rule(data=st.data(), do=st.sampled_from(("buy-lot", "ferment-lots", "dry-lots", "blend-lots", "split-lot")))
    def step(self, data: st.DataObject, do: str) -> None:
        known = sorted(self.lots)
        least, most = {"blend-lots": (2, 3), "split-lot": (1, 1)}.get(do, (1, 3))
        if len(known) < least:
            return
        chosen = data.draw(st.lists(st.sampled_from(known), min_size=least, max_size=most, unique=True))
        draws = {lot: data.draw(near(self.lots[lot][2])) for lot in chosen}
        total = sum(draws.values())
        exact = do in ("buy-lot", "split-lot")
        made = total if exact and data.draw(st.integers(0, 9)) else data.draw(st.integers(max(1, total // 3), total + 1))
        holder = data.draw(st.sampled_from(HOLDERS)) if do == "buy-lot" else data.draw(st.sampled_from([self.lots[chosen[0]][1], "AG-1"]))
        self._step(do, holder, draws, made)

    def _step(self, do: str, holder: str, draws: dict[str, int], made: int) -> None:
        lot, total = self.fresh("L"), sum(draws.values())
        fields: dict[str, Any] = {"price_pen_kg": "3.2"} if do == "buy-lot" else {}
        inputs = [{"lot_id": each, "kg": kg(grams)} for each, grams in draws.items()]
        expect = self._step_refused(do, holder, draws, made, total)
        if self.ask(do, expect, lot_id=lot, holder_id=holder, inputs=inputs, kg=kg(made), started_at=WHEN, ended_at=WHEN, **fields):
            form = {"ferment-lots": "fermented", "dry-lots": "dry"}.get(do, self.lots[next(iter(draws))][0])
            for each, grams in draws.items():
                self.lots[each][2] -= grams
            self.lots[lot] = [form, holder, made]
            self.shrunk += total - made

    def _step_refused(self, do: str, holder: str, draws: dict[str, int], made: int, total: int) -> str | None:
        holders, forms = {self.lots[lot][1] for lot in draws}, {self.lots[lot][0] for lot in draws}
        allowed = {"ferment-lots": {"wet"}, "dry-lots": {"wet", "fermented"}}.get(do, {"wet", "fermented", "dry"})
        if do == "buy-lot" and (len(holders) > 1 or holders == {holder}):
            return "not-held"
        if do != "buy-lot" and holders != {holder}:
            return "not-held"
        if len(forms) > 1 or not forms <= allowed:
            return "wrong-form"
        if any(grams > self.lots[lot][2] for lot, grams in draws.items()):
            return "overdrawn"
        return "gain" if made > total or (do in ("buy-lot", "split-lot") and made != total) else None

    @precondition(lambda self: self.lots)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        lot = data.draw(st.sampled_from(sorted(self.lots)))
        grams = data.draw(near(self.lots[lot][2]))
        expect = "overdrawn" if grams > self.lots[lot][2] else None
        if self.ask("write-off", expect, loss_id=self.fresh("X"), lot_id=lot, kg=kg(grams), reason="sample", lost_at=WHEN):
            self.lots[lot][2] -= grams
            self.lost += grams

    @rule(number=st.sampled_from(NUMBERS), holder=st.sampled_from(("AG-1", "EX-1")))
    def open(self, number: str, holder: str) -> None:
        stage = self.containers[number][0] if number in self.containers else "emptied"
        expect = {"open": "duplicate-id", "sealed": "sealed", "sold": "sealed"}.get(stage)
        if self.ask("open-container", expect, container_no=number, holder_id=holder, at=WHEN):
            self.containers[number] = ["open", 0, holder, self.count]

    @precondition(lambda self: self.lots)
    @rule(data=st.data(), number=st.sampled_from(NUMBERS))
    def load(self, data: st.DataObject, number: str) -> None:
        dry = [lot for lot in sorted(self.lots) if self.lots[lot][0] == "dry"] or sorted(self.lots)
        lot = data.draw(st.sampled_from(dry))
        form, holder, there = self.lots[lot]
        grams = data.draw(near(there))
        stage, _, opener, _ = self.containers.get(number, ["emptied", 0, "", 0])
        faults = (
            ("unknown-container", stage == "emptied"), ("not-held", holder != opener), ("wrong-form", form != "dry"),
            ("overdrawn", grams > there), ("sealed", stage != "open"),
        )  # fmt: skip
        expect = next((code for code, applies in faults if applies), None)
        if self.ask("load-lot", expect, container_no=number, at=WHEN, lot_id=lot, kg=kg(grams), bags="1"):
            self.lots[lot][2] -= grams
            self.containers[number][1] += grams
            self.loaded += grams

    @rule(number=st.sampled_from(NUMBERS))
    def seal(self, number: str) -> None:
        stage, grams = self.containers.get(number, ["emptied", 0])[:2]
        expect = {"emptied": "unknown-container", "sealed": "sealed", "sold": "sealed"}.get(stage) or (None if grams else "empty")
        if self.ask("seal-container", expect, container_no=number, at=WHEN, seal_no="PE-1"):
            self.containers[number][0] = "sealed"

    @rule(number=st.sampled_from(NUMBERS))
    def sell(self, number: str) -> None:
        stage = self.containers.get(number, ["emptied"])[0]
        expect = {"emptied": "unknown-container", "open": "not-sealed", "sold": "already"}.get(stage)
        sale = {"buyer_id": "AG-1", "contract_no": "C-1", "price_usd_t": "8000", "incoterm": "FOB"}
        if self.ask("sell-container", expect, container_no=number, at=WHEN, **sale):
            self.containers[number][0] = "sold"

    @rule(number=st.sampled_from(NUMBERS))
    def empty(self, number: str) -> None:
        stage = self.containers.get(number, ["emptied"])[0]
        expect = {"emptied": "unknown-container", "open": "not-sealed"}.get(stage)
        if self.ask("empty-container", expect, container_no=number, at=WHEN):
            self.containers[number][0] = "emptied"

    @rule(count=st.integers(1, 200))
    def hand_out(self, count: int) -> None:
        handout = self.fresh("HO")
        seedlings = {"nursery_lot_id": "NL-1", "party_id": "FA-1", "plot_id": "P-1", "count": str(count), "return_due": "0"}
        if self.ask("hand-out-seedlings", "overdrawn" if count > self.seedlings else None, handout_id=handout, handed_at=WHEN, **seedlings):
            self.seedlings -= count
            self.handouts[handout] = [count]

    @precondition(lambda self: self.handouts)
    @rule(data=st.data(), count=st.integers(1, 120), share=st.integers(0, 110))
    def graft(self, data: st.DataObject, count: int, share: int) -> None:
        handout, graft = data.draw(st.sampled_from(sorted(self.handouts))), self.fresh("GR")
        expect = "overdrawn" if count > min(self.buds, self.handouts[handout][0]) else None
        buds = {"plot_id": "P-1", "handout_id": handout, "budwood_id": "BW-1", "grafted": str(count)}
        if self.ask("graft-plants", expect, graft_id=graft, grafted_at=WHEN, **buds):
            self.buds -= count
            self.handouts[handout][0] -= count
            alive = count * share // 100
            self.ask("count-grafts", "overdrawn" if alive > count else None, graft_id=graft, alive=str(alive), counted_at=WHEN)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        [answer] = self.send(data.draw(st.sampled_from(self.accepted)))
        assert isinstance(answer, Repeated)

    @rule()
    def crash_and_reopen(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        self.writer = Writer(self.url, Vault(KEY))

    @invariant()
    def kilograms_are_conserved(self) -> None:
        on_hand = sum(grams for _, _, grams in self.lots.values())
        assert self.harvested == on_hand + self.lost + self.loaded + self.shrunk
        assert all(grams >= 0 for _, _, grams in self.lots.values())

    def teardown(self) -> None:
        try:
            self.check_ledger()
            with follow.connected(self.url) as conn:
                follow.catch_up(conn)
                self.check_views(conn)
            _, compared = rebuild(self.url)
            assert all(each.before == each.after for each in compared)
        finally:
            self.writer.close()
            self._context.__exit__(None, None, None)

    def check_ledger(self) -> None:
        with psycopg.connect(self.url) as conn:
            rows = conn.execute("SELECT position, line FROM ledger.entries ORDER BY position").fetchall()
            head = conn.execute("SELECT size, nodes FROM ledger.head").fetchone()
        assert [position for position, _ in rows] == list(range(1, self.count + 1))
        assert head is not None
        assert unpacked(head[0], bytes(head[1])) == Range().extend(leaf_hash(bytes(line)) for _, line in rows)

    def check_views(self, conn: schema.Connection) -> None:
        found = conn.execute(
            "SELECT lot, form, holder, grams - coalesce((SELECT sum(grams) FROM views.edges"
            " WHERE src = 'lot:' || lot), 0)::int8 FROM views.lots"
        )
        assert {lot.removeprefix("main/"): [form, holder.removeprefix("main/"), left] for lot, form, holder, left in found} == self.lots
        for number, (_, grams, _, first) in self.containers.items():
            node = f"stuffing:{number}@{first}"
            loaded = conn.execute("SELECT coalesce(sum(grams), 0)::int8 FROM views.loads WHERE stuffing = %s", (node,)).fetchone()
            assert loaded == (grams,)
            if grams:
                self.check_shares(conn, node)

    def check_shares(self, conn: schema.Connection, node: str) -> None:
        """Up is the inverse of down, and the shares of the plots add up to one."""
        above = shares_above(node, up(conn, [node]), "plot:")
        assert sum(above.values()) == 1
        for plot, share in above.items():
            below = shares_below({plot: Fraction(1)}, down(conn, [plot]))
            assert below[node] == share


def test_any_sequence_of_commands_agrees_with_a_dictionary(cluster: str) -> None:
    Season.cluster = cluster
    run_state_machine_as_test(
        Season,
        settings=settings(max_examples=12, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True),
    )

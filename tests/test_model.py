"""Any sequence of commands, annulments, repeats and crashes, against a dictionary: kilograms are conserved, views equal their replay."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
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


def grams(written: str) -> int:
    return int(Decimal(written) * 1000)


def mentioned(value: Any) -> set[str]:
    """All texts within a body."""
    if isinstance(value, dict | list):
        return {text for each in (value.values() if isinstance(value, dict) else value) for text in mentioned(each)}
    return {value} if isinstance(value, str) else set()


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
        self.accepted: list[dict[str, Any]] = []
        self.annulled: set[int] = set()
        self.count = 0
        self._begin()
        self._prepare()
        self.prepared = self.count

    def _begin(self) -> None:
        self.lots: dict[str, list[Any]] = {}
        self.containers: dict[str, list[Any]] = {}
        self.handouts: dict[str, list[int]] = {}
        self.harvested = self.lost = self.loaded = self.shrunk = 0
        self.seedlings, self.buds = 500, 300

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
        if do == "annul-fact":
            self.annulled |= {fields["position"]}
            self._begin()
            for position, each in self.living():
                self._happens(each, position)
        else:
            self._happens(body, self.count)
        return True

    def living(self) -> list[tuple[int, dict[str, Any]]]:
        """What was accepted and counts, by its position."""
        return [(position, body) for position, body in enumerate(self.accepted, 1) if position not in self.annulled]

    def _happens(self, body: dict[str, Any], position: int) -> None:
        made, lot = grams(body.get("kg", "0")), body.get("lot_id", "")
        number = body.get("container_no", "")
        match body["do"]:
            case "record-harvest":
                self.lots[lot] = ["wet", f"FA-{body['plot_id'][-1]}", made]
                self.harvested += made
            case "buy-lot" | "ferment-lots" | "dry-lots" | "blend-lots" | "split-lot" as do:
                draws = {each["lot_id"]: grams(each["kg"]) for each in body["inputs"]}
                form = {"ferment-lots": "fermented", "dry-lots": "dry"}.get(do, self.lots[next(iter(draws))][0])
                for each, some in draws.items():
                    self.lots[each][2] -= some
                self.lots[lot] = [form, body["holder_id"], made]
                self.shrunk += sum(draws.values()) - made
            case "write-off":
                self.lots[lot][2] -= made
                self.lost += made
            case "open-container":
                self.containers[number] = ["open", 0, body["holder_id"], position]
            case "load-lot":
                self.lots[lot][2] -= made
                self.containers[number][1] += made
                self.loaded += made
            case "seal-container" | "sell-container" | "empty-container" as do:
                self.containers[number][0] = {"seal": "sealed", "sell": "sold", "empty": "emptied"}[do.partition("-")[0]]
            case "hand-out-seedlings":
                self.seedlings -= int(body["count"])
                self.handouts[body["handout_id"]] = [int(body["count"])]
            case "graft-plants":
                self.buds -= int(body["grafted"])
                self.handouts[body["handout_id"]][0] -= int(body["grafted"])

    def send(self, *bodies: dict[str, Any]) -> list[Answer]:
        return self.writer.submit(Act([COMMANDS.validate_python(body) for body in bodies], "test", "main")).result(30)

    def fresh(self, prefix: str) -> str:
        return f"{prefix}-{len(self.accepted) + len(self.lots)}-{uuid4().hex[:6].upper()}"

    @rule(plot=st.sampled_from(("P-1", "P-2", "P-9")), grams=GRAMS)
    def harvest(self, plot: str, grams: int) -> None:
        lot = self.fresh("H")
        expect = "unknown-plot" if plot == "P-9" else None
        self.ask("record-harvest", expect, lot_id=lot, plot_id=plot, kg=kg(grams), from_at=WHEN, to_at=WHEN)

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
        self.ask(do, expect, lot_id=lot, holder_id=holder, inputs=inputs, kg=kg(made), started_at=WHEN, ended_at=WHEN, **fields)

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
        self.ask("write-off", expect, loss_id=self.fresh("X"), lot_id=lot, kg=kg(grams), reason="sample", lost_at=WHEN)

    @rule(number=st.sampled_from(NUMBERS), holder=st.sampled_from(("AG-1", "EX-1")))
    def open(self, number: str, holder: str) -> None:
        stage = self.containers[number][0] if number in self.containers else "emptied"
        expect = {"open": "duplicate-id", "sealed": "sealed", "sold": "sealed"}.get(stage)
        self.ask("open-container", expect, container_no=number, holder_id=holder, at=WHEN)

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
        self.ask("load-lot", expect, container_no=number, at=WHEN, lot_id=lot, kg=kg(grams), bags="1")

    @rule(number=st.sampled_from(NUMBERS))
    def seal(self, number: str) -> None:
        stage, grams = self.containers.get(number, ["emptied", 0])[:2]
        expect = {"emptied": "unknown-container", "sealed": "sealed", "sold": "sealed"}.get(stage) or (None if grams else "empty")
        self.ask("seal-container", expect, container_no=number, at=WHEN, seal_no="PE-1")

    @rule(number=st.sampled_from(NUMBERS))
    def sell(self, number: str) -> None:
        stage = self.containers.get(number, ["emptied"])[0]
        expect = {"emptied": "unknown-container", "open": "not-sealed", "sold": "already"}.get(stage)
        sale = {"buyer_id": "AG-1", "contract_no": "C-1", "price_usd_t": "8000", "incoterm": "FOB"}
        self.ask("sell-container", expect, container_no=number, at=WHEN, **sale)

    @rule(number=st.sampled_from(NUMBERS))
    def empty(self, number: str) -> None:
        stage = self.containers.get(number, ["emptied"])[0]
        expect = {"emptied": "unknown-container", "open": "not-sealed"}.get(stage)
        self.ask("empty-container", expect, container_no=number, at=WHEN)

    @rule(count=st.integers(1, 200))
    def hand_out(self, count: int) -> None:
        handout = self.fresh("HO")
        seedlings = {"nursery_lot_id": "NL-1", "party_id": "FA-1", "plot_id": "P-1", "count": str(count), "return_due": "0"}
        self.ask("hand-out-seedlings", "overdrawn" if count > self.seedlings else None, handout_id=handout, handed_at=WHEN, **seedlings)

    @precondition(lambda self: self.handouts)
    @rule(data=st.data(), count=st.integers(1, 120), share=st.integers(0, 110))
    def graft(self, data: st.DataObject, count: int, share: int) -> None:
        handout, graft = data.draw(st.sampled_from(sorted(self.handouts))), self.fresh("GR")
        expect = "overdrawn" if count > min(self.buds, self.handouts[handout][0]) else None
        buds = {"plot_id": "P-1", "handout_id": handout, "budwood_id": "BW-1", "grafted": str(count)}
        if self.ask("graft-plants", expect, graft_id=graft, grafted_at=WHEN, **buds):
            alive = count * share // 100
            self.ask("count-grafts", "overdrawn" if alive > count else None, graft_id=graft, alive=str(alive), counted_at=WHEN)

    @precondition(lambda self: self.count > self.prepared)
    @rule(data=st.data(), latest=st.integers(0, 4), again=st.booleans())
    def annul(self, data: st.DataObject, latest: int, again: bool) -> None:  # noqa: FBT001 - drawn
        position = data.draw(
            st.sampled_from((max(self.prepared + 1, self.count - latest), data.draw(st.integers(self.prepared + 1, self.count))))
        )
        body = self.accepted[position - 1]
        faults = (
            ("not-annullable", body["do"] == "annul-fact"), ("already", position in self.annulled), ("rests-on-it", self.rests(position)),
        )  # fmt: skip
        expect = next((code for code, applies in faults if applies), None)
        if (
            self.ask("annul-fact", expect, position=position, reason="practice", annulled_at=WHEN)
            and again
            and body["do"] == "record-harvest"
        ):
            self.ask(**{name: value for name, value in body.items() if name != "id"} | {"kg": "1.5"})

    def rests(self, position: int) -> bool:
        """Whether something later names what this made; of containers, whether the next step of the same stuffing was done."""
        body, later = self.accepted[position - 1], [each for at, each in self.living() if at > position]
        if "container_no" in body:
            same = [each["do"] for each in later if each.get("container_no") == body["container_no"]]
            voyage = same[: same.index("open-container")] if "open-container" in same else same
            match body["do"]:
                case "open-container":
                    return bool(voyage)
                case "load-lot":
                    return "seal-container" in voyage
                case "seal-container":
                    return bool({"sell-container", "empty-container"} & set(voyage))
                case "empty-container":
                    return "open-container" in same
            return False
        made = {"write-off": None, "annul-fact": None, "hand-out-seedlings": "handout_id", "graft-plants": "graft_id", "count-grafts": None}
        name = made.get(body["do"], "lot_id")
        return name is not None and any(body[name] in mentioned(each) for each in later)

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

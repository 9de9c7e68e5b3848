"""What may be said of a label: a kind and words for each case, each sentence with its own sign, and never more than is known."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from api import labelpages
from api.app import create
from api.head import Head
from api.headlines import HEADLINES, SORTS, WHY_VOID
from api.lately import Lately
from api.scans import Country, Seen
from api.verdict import MANY, Known, Verdict, verdict
from labels.signed import BadLabel, Claims
from projections.doubt import Questioned
from projections.labels import Label, LabelKey, Void, label
from tests.api.labelled import CONTAINER, PRIVATE, Labelled

PRINTED: Final = "2026-06-01T10:00:00-05:00"
NOW: Final = datetime.now(UTC)
CLAIMS: Final = Claims(7, 20605, 40, bytes(16))
KEY: Final = LabelKey(7, "", "2026-05-01T00:00:00-05:00", None, None, None)
HEAD: Final = Head(50, NOW.isoformat(), None, 0, 0, enough=False)


def a_label(**of: Any) -> Label:
    usual: dict[str, Any] = {
        "serial": "0K3V9ZQ1", "sort": "sack", "lot": "main/X-1", "container_no": None, "stuffing": None, "party": None, "gtin": None,
        "sscc": None, "kid": 7, "printing": 41, "printed_at": PRINTED, "holder": "main/EX", "public": True, "grams": None, "position": 41,
        "org": "main", "void": None,
    }  # fmt: skip
    return Label(**(usual | of))


def judged(**of: Any) -> Verdict:
    label, seen = a_label(**of.pop("of", {})), Seen(0, 0, [])
    usual: dict[str, Any] = {"label": label, "signature": CLAIMS, "key": KEY, "holder": "Alba S.A.C.", "head": HEAD, "seen": seen}
    return verdict(Known(**(usual | of)))


def lost(since: str | None) -> LabelKey:
    return KEY._replace(closed_at="2026-07-01T00:00:00-05:00", reason="compromised", since=since)


def in_countries(*of: tuple[str, int, int]) -> Seen:
    countries = [Country(name, date(2026, 6, first), date(2026, 6, last), 2) for name, first, last in of]
    return Seen(2 * len(of), 2, countries)


VOID: Final = Void("2026-06-05T10:00:00-05:00", "lost", None, 60)
CASES: Final[list[tuple[str, dict[str, Any], str]]] = [
    ("good-signed", {}, "Its signature holds"),
    ("good-unsigned", {"signature": None, "of": {"kid": None}}, "anybody can print the same code"),
    ("forged", {"signature": BadLabel("forged")}, "not of this label"),
    ("forged", {"signature": BadLabel("unreadable")}, "cannot be read"),
    ("forged", {"signature": BadLabel("unknown-key")}, "never used here"),
    ("forged", {"agrees": False}, "another entry than the log has"),
    ("unsigned-though-signed", {"signature": None}, "a copy without its signature"),
    ("compromised-key", {"key": lost(None)}, "the hands of others"),
    ("compromised-key", {"key": lost(PRINTED)}, "the hands of others"),
    ("good-signed", {"key": lost("2026-06-01T10:00:01-05:00")}, "closed since"),
    ("good-signed", {"key": KEY._replace(closed_at="2026-07-01T00:00:00-05:00", reason="rotated")}, "closed since"),
    ("void", {"of": {"void": VOID}}, "made void on"),
    ("replaced", {"of": {"void": VOID._replace(replaced_by="NEW00000")}}, "A newer label"),
    ("questioned", {"doubts": [Questioned("weight", "open")]}, "Its signature holds"),
    ("not-yet-signed", {"head": HEAD._replace(size=40)}, "Look again in a minute"),
    ("not-yet-signed", {"head": None}, "nothing is proven"),
    ("cloned", {"seen": in_countries(("PE", 1, 9), ("DE", 5, 6))}, "two countries"),
    ("cloned", {"seen": Seen(MANY + 1, 1, [Country("", date(2026, 6, 1), date(2026, 6, 1), MANY + 1)])}, "more often"),
    ("good-signed", {"seen": in_countries(("PE", 1, 4), ("DE", 4, 9))}, "Scans known"),
]


@pytest.mark.parametrize(("kind", "of", "words"), CASES)
def test_each_case_has_its_kind_and_its_words(kind: str, of: dict[str, Any], words: str) -> None:
    it = judged(**of)

    assert it.kind == kind
    assert [line for line in it.lines if words in line.english]
    assert it.headline.sign == {"good-signed": "good", "good-unsigned": "open", "not-yet-signed": "open"}.get(kind, "warn")


UNKNOWN: Final[dict[str, dict[str, Any]]] = {
    "never printed": {"label": None},
    "void, without signature": {"of": {"void": VOID}, "signature": None},
    "void, with a forged signature": {"of": {"void": VOID}, "signature": BadLabel("forged")},
    "void, with a signature of another entry": {"of": {"void": VOID}, "agrees": False},
    "void, signed with a key that others had": {"of": {"void": VOID}, "key": lost(None)},
    "of what is not public": {"public": False, "signature": None},
    "of what is not public, forged": {"public": False, "signature": BadLabel("unknown-key")},
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_of_what_nobody_may_know_nothing_is_said(case: str) -> None:
    assert judged(**UNKNOWN[case]) == Verdict("unknown", HEADLINES["unknown"])


NOT_IN_ORDER: Final[tuple[dict[str, Any], ...]] = (
    {"signature": BadLabel("forged")}, {"signature": None}, {"of": {"void": VOID}}, {"key": lost(None)},
)  # fmt: skip


@pytest.mark.parametrize("of", NOT_IN_ORDER)
def test_what_a_good_page_says_of_the_beans_never_vouches_for_a_label_that_is_not_in_order(of: dict[str, Any]) -> None:
    lines = judged(**of).lines

    assert lines[-1].sign == "warn"
    assert "does not vouch for this label" in lines[-1].english


def test_only_of_a_label_whose_signature_is_good_is_it_said_what_it_is() -> None:
    assert judged().lines[0].english.startswith("It is")
    for of in ({"signature": BadLabel("forged")}, {"signature": None}, {"key": lost(None)}):
        first = judged(**of).lines[0]
        assert (first.sign, first.english[:12]) == ("open", "Under number"), of


def test_no_verdict_is_one_green_tick() -> None:
    for sort in ("sack", "container", "pallet", "sample"):
        signs = [line.sign for line in judged(of={"sort": sort}, number="KAWU2607135", seal="PE1").lines]
        assert len(signs) > 4
        assert "look" in signs
        assert "open" in signs  # no witness has signed the log


def test_every_kind_of_the_plan_has_a_headline_of_its_own_and_every_sort_and_reason_a_word() -> None:
    assert {kind for kind, _, _ in CASES} | {"unknown"} == HEADLINES.keys()
    assert len({line.english for line in HEADLINES.values()}) == len(HEADLINES)
    assert SORTS.keys() == {"sack", "pallet", "sample", "container", "card"}
    assert WHY_VOID.keys() == {"damaged", "lost", "copied", "wrong", "other", "annulled"}


def test_an_entry_that_waits_for_more_than_a_minute_is_said_to_be_unproven() -> None:
    def waits(seconds: float) -> bool:
        since = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
        return any("waited for a signature" in line.english for line in judged(head=HEAD._replace(waiting=since)).lines)

    assert (waits(1), waits(120)) == (False, True)


def test_what_producers_were_paid_is_told_where_whoever_paid_publishes_it(labelled_house: Labelled) -> None:
    client = TestClient(create(labelled_house.house), headers={"Accept-Language": "en"})
    before = client.get(f"/c/{CONTAINER}").text
    at = labelled_house.ask("publish-price", holder_id="AG-01", container_no=CONTAINER, published_at=labelled_house.house.now())
    page, it = (client.get(f"/c/{CONTAINER}{each}?at={at}") for each in ("", ".json"))

    assert "Price paid to producers" not in before
    told = {each["form"]: each for each in it.json()["paid"]}
    assert told.keys() <= {"wet", "fermented", "dry"}
    assert told
    assert all(each["producers"] >= 5 for each in told.values())
    assert page.text.count("soles for a kilogram of") == len(told)
    assert (
        page.text.index("From here back to the trees") < page.text.index("Price paid to producers") < page.text.index("Check it yourself")
    )


def test_a_label_behind_which_something_is_questioned_says_so(labelled_house: Labelled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelpages, "_WHOLES", Lately(60.0, 8))
    house = labelled_house.house
    with house.pool.connection() as conn:
        ((made,),) = conn.execute("SELECT position FROM views.lots WHERE lot = %s", (f"main/{PRIVATE}",))
    question = labelled_house.ask("question-fact", position=made, reason="weight", questioned_at=house.now())
    client = TestClient(create(house), headers={"Accept-Language": "en"})
    page, it = (client.get(labelled_house.link("0PENSAMP", suffix=each)) for each in ("", ".json"))
    labelled_house.ask("settle-question", position=question, outcome="dismissed", settled_at=house.now())

    assert "The label is in order, but the record behind it is questioned." in page.text
    assert "is questioned, and that is not settled yet: its weight." in page.text
    assert (it.json()["kind"], it.json()["lot"]["questions"]) == ("questioned", [{"reason": "weight", "state": "open"}])


def test_a_questioned_printing_is_told_on_its_labels_and_not_of_the_beans(
    labelled_house: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelpages, "_WHOLES", Lately(60.0, 8))
    house = labelled_house.house
    with house.pool.connection() as conn:
        printed = label(conn, "0PENSAMP")
    assert printed
    question = labelled_house.ask("question-fact", position=printed.printing, reason="other", questioned_at=house.now())
    client = TestClient(create(house), headers={"Accept-Language": "en"})
    it, same = (client.get(f"{labelled_house.link(each, suffix='.json')}&at={question}").json() for each in ("0PENSAMP", "SACK0001"))
    labelled_house.ask("settle-question", position=question, outcome="dismissed", settled_at=house.now())

    assert (it["kind"], it["lot"]["questions"]) == ("questioned", [])
    assert (same["kind"] != "questioned", same["lot"]["questions"]) == (True, [])

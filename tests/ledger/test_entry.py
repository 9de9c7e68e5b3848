"""An entry has one spelling, says nothing personal, and fits a tile."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.lot import Draw, LotInspected
from domain.step import LotsBlended
from domain.values import Fact
from domain.vocabulary import COMMANDS
from ledger.entry import MOST_BYTES, canonical, content, digest, personal, read, row_id, spell

JUNE = "2026-06-02T10:00:00-05:00"
SEEN = "2026-06-02T15:00:01.000000Z"
ID = UUID("01970000-0000-7000-8000-000000000001")
SAFE = 2**53 - 1
KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
)


def write_off(**fields: str) -> Any:
    body = {"do": "write-off", "id": str(ID), "loss_id": "X-1", "lot_id": "HV-1", "kg": "40.5", "reason": "spoiled", "lost_at": JUNE}
    return COMMANDS.validate_python(body | fields)


def enrol(**fields: str | None) -> Any:
    body = {
        "do": "enrol-party", "id": str(ID), "party_id": "F-1", "role": "farmer", "name": "Rosa Quispe", "document": "45678912",
        "phone": "987654321", "sex": "F", "district": "220501", "enrolled_at": JUNE,
    }  # fmt: skip
    return COMMANDS.validate_python(body | fields)


def register(coordinates: list[Any], **more: Any) -> Any:
    body = {
        "do": "register-plot", "id": str(ID), "plot_id": "P-1", "holder_id": "F-1", "area_ha": "1.2", "district": "220501",
        "system": "full_sun", "planted_at": JUNE, "surveyed_at": JUNE, "accuracy_m": "3",
        "geometry": {"type": "Point", "coordinates": coordinates, **more},
    }  # fmt: skip
    return COMMANDS.validate_python(body)


@given(JSON)
def test_bytes_are_canonical_as_another_library_has_it(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
        ({"B": 1, "a": 2, "A1": 3}, b'{"A1":3,"B":1,"a":2}'),
        ("Ñ € 😀 /", '"Ñ € 😀 /"'.encode()),
        ('"\\\b\f\n\r\t\x00\x1f\x7f', b'"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'),
    ],
)
def test_bytes_are_canonical_as_the_rfc_says(value: Any, spelling: bytes) -> None:
    assert canonical(value) == spelling


@pytest.mark.parametrize("kg", ["40.50", "040.5", "40.500", "00040.5"])
def test_equal_values_have_equal_content_however_written(kg: str) -> None:
    assert content(write_off(kg=kg)) == content(write_off(kg="40.5"))
    assert digest(content(write_off(kg=kg))) == sha256(content(write_off(kg="40.5"))).digest()


@pytest.mark.parametrize("other", [{"kg": "40.51"}, {"lot_id": "HV-2"}, {"loss_id": "X-2"}, {"reason": "stolen"}, {"book": "other"}])
def test_another_value_is_another_content(other: dict[str, str]) -> None:
    assert content(write_off(**other)) != content(write_off())


def test_the_commands_own_id_is_not_content() -> None:
    assert content(write_off(id="01970000-0000-7000-8000-000000000002")) == content(write_off())


def test_another_order_of_inputs_is_another_content() -> None:
    def blend(*lots: str) -> Any:
        body = {"do": "blend-lots", "id": str(ID), "lot_id": "N", "holder_id": "A", "kg": "2", "started_at": JUNE, "ended_at": JUNE}
        return COMMANDS.validate_python(body | {"inputs": [{"lot_id": lot, "kg": "1"} for lot in lots]})

    assert content(blend("L-1", "L-2")) != content(blend("L-2", "L-1"))


def test_content_says_nothing_personal() -> None:
    party, plot = orjson.loads(content(enrol())), orjson.loads(content(register([-76.5, -6.5])))

    assert set(party) == {"do", "book", "party_id", "role", "sex", "district", "enrolled_at"}
    assert set(plot) == {
        "do", "book", "plot_id", "holder_id", "area_ha", "district", "system", "planted_at", "surveyed_at", "accuracy_m",
    }  # fmt: skip


@pytest.mark.parametrize("other", [{"name": "Juan Pérez"}, {"document": None}, {"phone": "912345678"}])
def test_personal_content_differs_where_content_does_not(other: dict[str, str | None]) -> None:
    assert content(enrol(**other)) == content(enrol())
    assert personal(enrol(**other)) != personal(enrol())


def test_personal_content_is_what_is_put_away() -> None:
    assert orjson.loads(personal(enrol()) or b"") == {"name": "Rosa Quispe", "document": "45678912", "phone": "987654321"}
    assert orjson.loads(personal(register([-76.5, -6.5])) or b"") == {"geometry": {"type": "Point", "coordinates": [-76.5, -6.5]}}
    assert personal(write_off()) is None


def test_altitude_and_what_is_not_geometry_make_no_other_boundary() -> None:
    assert personal(register([-76.5, -6.5, 300], bbox=[1, 2, 3, 4])) == personal(register([-76.50, -6.5]))
    assert personal(register([-76, -6])) == personal(register([-76.0, -6.0]))
    assert personal(register([-76.5, -6.51])) != personal(register([-76.5, -6.5]))


def test_an_imported_row_is_named_by_file_book_and_content() -> None:
    named = [
        row_id("losses.csv", content(write_off())),
        row_id("steps.csv", content(write_off())),
        row_id("losses.csv", content(write_off(book="other"))),
        row_id("losses.csv", content(write_off(kg="40.51"))),
    ]

    assert len(set(named)) == 4
    assert {each.version for each in named} == {5}
    assert row_id("losses.csv", content(write_off(kg="40.50"))) == named[0]
    assert row_id("parties.csv", content(enrol(name="Juan Pérez", document=None))) == row_id("parties.csv", content(enrol()))


def inspected(lot_id: str = "main/HV-1") -> LotInspected:
    return LotInspected(lot_id=lot_id, inspected_at=JUNE, moisture=1, beans_100g=2, mouldy=3, slaty=4, defective=5)


def test_an_entry_is_one_line_of_envelope_and_fact() -> None:
    kind, tags, line = spell(write_off(), "inspect-lot", inspected(), 41, SEEN, "u-1", "acopagro")

    assert (kind, tags) == ("lot-inspected.v1", ["lot:main/HV-1"])
    assert line == (
        b'{"at":"2026-06-02T10:00:00-05:00","by":"u-1","do":"inspect-lot","fact":{"beans_100g":2,"defective":5,'
        b'"inspected_at":"2026-06-02T10:00:00-05:00","lot_id":"main/HV-1","moisture":1,"mouldy":3,"slaty":4},'
        b'"id":"01970000-0000-7000-8000-000000000001","kind":"lot-inspected.v1","n":0,"org":"acopagro",'
        b'"seen":"2026-06-02T15:00:01.000000Z","tags":["lot:main/HV-1"],"v":1}'
    )
    assert read(41, line).fact == inspected().model_dump()


def test_an_entry_that_no_tile_can_carry_is_refused() -> None:
    _, _, line = spell(write_off(), "inspect-lot", inspected(""), 1, SEEN, "", "")
    room = MOST_BYTES - len(line)
    filled = "x" * (room // 2)  # the id stands in the fact and in a tag

    assert MOST_BYTES == 65_535
    assert len(spell(write_off(), "inspect-lot", inspected(filled), 1, SEEN, "y" * (room % 2), "")[2]) == 65_535
    with pytest.raises(ValueError, match=r"^an entry of 65536 bytes: at most 65535$"):
        spell(write_off(), "inspect-lot", inspected(filled), 1, SEEN, "y" * (room % 2 + 1), "")


def widest(inputs: int) -> tuple[Any, Fact]:
    book, ids = "b" * 20, [f"{n:0>20}" for n in range(inputs)]
    command = COMMANDS.validate_python(
        {
            "do": "blend-lots", "id": str(ID), "book": book, "lot_id": "N" * 20, "holder_id": "H" * 20, "kg": "1000000",
            "started_at": JUNE, "ended_at": JUNE, "inputs": [{"lot_id": id_, "kg": "1000000.000"} for id_ in ids],
        }
    )  # fmt: skip
    fact = LotsBlended(
        lot_id=f"{book}/{'N' * 20}", holder_id=f"{book}/{'H' * 20}", form="fermented", grams=1_000_000_000, started_at=JUNE, ended_at=JUNE,
        inputs=tuple(Draw(lot_id=f"{book}/{id_}", grams=1_000_000_000) for id_ in ids),
    )  # fmt: skip
    return command, fact


def test_the_widest_step_that_can_be_asked_fits() -> None:
    command, fact = widest(500)

    _, tags, line = spell(command, "blend-lots", fact, 10**12, SEEN, "u" * 36, "o" * 36)

    assert len(command.inputs) == 500
    assert len(tags) == 502
    assert len(line) <= 65_535

"""Labels from the record to the paper: what a scanner reads on them is an address of ours whose signature holds, and nothing personal."""

import hashlib
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import zxingcpp
from PIL import Image
from typer.testing import CliRunner

from api import labelkeys, people
from api.cli.common import app
from api.house import House
from api.labelling import Unasked, Wanted, batches, print_labels, reprint, void
from api.people import NotDone, operator
from api.printing import Unsignable, batch, drawn, serials, serials_of
from domain.label import MOST_PRINTED
from domain.vocabulary import COMMANDS
from labels.link import label_at
from labels.paper import PAPERS
from labels.signed import checked, day_of
from projections import labels as views

LOT = Wanted("sack", "DR-001", kg="50.8")
FORM = "0d4f4b7e-6c0c-4a53-9c9e-6d1b6a1c7f10"


@pytest.fixture(scope="module")
def house(furnished: House) -> Iterator[House]:
    """With a key of its own: that of the examples is not here."""
    with furnished.pool.connection() as conn:
        row = conn.execute("SELECT size FROM ledger.head").fetchone()
    assert row
    assert furnished.follower.wait_for(row[0], 60)
    labelkeys.open_key(furnished, operator(furnished))
    return furnished


def read(house: House, positions: list[int], paper: str = "a4") -> list[str]:
    """What a scanner reads on the first page of labels that some entries printed."""
    file = BytesIO()
    drawn("png", batches(house, None, positions), PAPERS[paper], "en", file)
    return sorted(code.text for code in zxingcpp.read_barcodes(Image.open(file), formats=zxingcpp.BarcodeFormat.QRCode))


def entry_of(house: House, position: int) -> bytes:
    with psycopg.connect(house.url) as conn:
        row = conn.execute("SELECT line FROM ledger.entries WHERE position = %s", (position,)).fetchone()
    assert row
    return bytes(row[0])


def test_a_printed_sack_is_signed_by_the_house_for_its_own_address_and_names_the_entry_that_recorded_it(house: House) -> None:
    (position,) = print_labels(house, operator(house), LOT, 4)
    (one, *_) = links = read(house, [position])
    address, _, digits = one.partition("?s=")
    path, of, serial = label_at(address) or ("", None, "")
    with house.pool.connection() as conn:
        keys, row = labelkeys.halves(views.label_keys(conn)), views.label(conn, serial)
    claims = checked(path, digits, keys)
    leaf = hashlib.sha256(b"\0" + entry_of(house, position)).digest()

    assert len(links) == 4
    assert address.startswith("HTTPS://CACAO.EXAMPLE/L/DR-001/S/")
    assert of
    assert of.lot == "main/DR-001"
    assert (claims.position, claims.digest) == (position, leaf[:16])
    assert row
    assert (claims.issued_day, claims.kid) == (day_of(row.printed_at), row.kid)
    assert read(house, [position]) == links


def test_a_container_and_a_card_are_printed_under_their_own_addresses_and_without_a_key_unsigned(house: House) -> None:
    card = print_labels(house, operator(house), Wanted("card", "FA-0002", issuer="AG-01"), 1, signed=False)
    (link,) = read(house, card, "58")

    assert link.startswith("HTTPS://CACAO.EXAMPLE/K/")
    assert "?" not in link
    with pytest.raises(Unasked, match="one card"):
        print_labels(house, operator(house), Wanted("card", "FA-0002", issuer="AG-01"), 2)


def test_of_a_void_label_nothing_is_drawn_and_a_reprint_has_another_serial_and_its_own_entry(house: House) -> None:
    (position,) = print_labels(house, operator(house), LOT, 3)
    with house.pool.connection() as conn:
        first, second, _ = (row.serial for row in views.of_entry(conn, position))
    void(house, operator(house), [first], "lost")
    (again,) = reprint(house, operator(house), [second], "damaged")
    kept, (new,) = read(house, [position]), read(house, [again])

    assert len(kept) == 1
    assert not [link for link in kept if first in link or second in link]
    assert (label_at(new.partition("?")[0]) or ("", None, second))[2] not in (first, second)
    with pytest.raises(NotDone, match="replaced before"):
        reprint(house, operator(house), [second], "damaged")
    with pytest.raises(Unasked, match="no label 00000000"):
        reprint(house, operator(house), ["00000000"], "damaged")


def test_more_labels_than_one_entry_holds_are_one_act_of_several(house: House) -> None:
    positions = print_labels(house, operator(house), LOT, MOST_PRINTED + 1)
    found = batches(house, None, positions)

    assert [len(each.rows) for each in found] == [MOST_PRINTED, 1]
    assert len({row.serial for each in found for row in each.rows}) == MOST_PRINTED + 1


def test_a_label_with_a_gtin_opens_as_gs1_writes_it_and_says_so_for_people(house: House) -> None:
    wanted = Wanted("sack", "BU-002", gtin="09521234000013")
    (position,) = print_labels(house, operator(house), wanted, 1)
    (own,) = batches(house, None, [position])[0].owns()
    address, _, digits = own.text.partition("?s=")

    assert address == f"HTTPS://CACAO.EXAMPLE/01/09521234000013/10/BU-002/21/{own.serial}"
    assert own.elements == f"(01)09521234000013(10)BU-002(21){own.serial}"
    assert len(own.code()) == 49
    assert digits.isdigit()


def test_what_a_label_says_names_its_organisation_and_no_person_place_or_price(house: House) -> None:
    file = BytesIO()
    with house.reading(None) as conn:
        card = views.of_entry(conn, next(each.position for each in views.printings(conn) if each.sort == "card"))
    drawn("svg", [batch(house, card)], PAPERS["a6"], "en", file)
    (sack,) = batches(house, None, print_labels(house, operator(house), LOT, 1))
    said = file.getvalue().decode()

    assert (sack.label.organisation, sack.label.grams) == ("Acopio Sisa", 50_800)
    assert not [word for word in ("Tuanama", "Rosa", "Luis", "220505", "Sisa district", "S/") if word in said]


def test_labels_of_a_key_that_is_not_here_are_not_drawn_unsigned(house: House) -> None:
    with house.pool.connection() as conn:
        old = views.label(conn, "0K3V9ZQ1")

    assert old
    with pytest.raises(Unsignable, match="key 1"):
        batch(house, [old])


def test_serials_are_eight_signs_that_read_like_no_other_and_a_form_sent_twice_has_the_same() -> None:
    made = serials(500)

    assert len(set(made)) == 500
    assert {len(each) for each in made} == {8}
    assert not set("".join(made)) & set("ILOUilou")
    assert serials_of(FORM, 3) == serials_of(FORM, 5)[:3]
    assert not set(serials_of(FORM, 50)) & set(serials_of(FORM, 50, turn=1))


def test_the_terminal_prints_lists_voids_and_draws_again(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", house.url)
    monkeypatch.setenv("CACAO_HOME", str(house.settings.folder))
    monkeypatch.setenv("CACAO_URL", house.settings.base)

    def cacao(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["label", *words])
        return done.exit_code, done.stdout

    code, position = cacao("print", "DR-001", "--count", "2", "--paper", "80", "-o", str(tmp_path / "all.zpl"))
    again = cacao("draw", position.strip(), "--paper", "a4", "--second", "de", "-o", str(tmp_path / "page.png"))
    codes = zxingcpp.read_barcodes(Image.open(tmp_path / "page.png"), formats=zxingcpp.BarcodeFormat.QRCode)
    listed = cacao("list", "--lot", "main/DR-001")[1]
    serial = codes[0].text.partition("?")[0].rpartition("/")[2]

    assert (code, again[0], len(codes)) == (0, 0, 2)
    assert (tmp_path / "all.zpl").read_text().count("^XA") == 2
    assert position.strip() in listed
    assert cacao("void", serial[:4].lower(), serial[4:], "--reason", "copied")[0] == 0, "as labels print them, in small letters too"
    assert re.search(rf"{serial} +│ no: copied", cacao("list", position.strip())[1])
    assert cacao("void", serial, "--reason", "copied")[0] == 2
    assert cacao("print", "DR-001", "--paper", "a5", "-o", str(tmp_path / "x.pdf"))[0] == 2
    assert cacao("draw", "1", "-o", str(tmp_path / "x.pdf"))[0] == 2
    assert not (tmp_path / "x.pdf").exists()


def test_what_cannot_be_written_is_not_recorded_and_what_was_recorded_but_not_drawn_is_told(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("DATABASE_URL", house.url), ("CACAO_HOME", str(house.settings.folder)), ("CACAO_URL", house.settings.base)):
        monkeypatch.setenv(name, value)

    def printings() -> int:
        with house.pool.connection() as conn:
            return len(views.printings(conn, lot="main/DR-001", most=1_000))

    def cacao(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["label", "print", *words])
        return done.exit_code, done.output

    before = printings()
    code, said = cacao("DR-001", "-o", str(tmp_path / "none" / "x.pdf"))
    assert (code, "nothing was recorded" in said, printings()) == (2, True, before)
    assert cacao("FA-0002", "--sort", "card", "-o", str(tmp_path / "x.pdf"))[1].startswith("cacao: --org says who gives")

    monkeypatch.setattr("api.printing.drawn", _no_room)
    code, said = cacao("DR-001", "-o", str(tmp_path / "x.pdf"))
    assert (code, printings()) == (2, before + 1)
    assert re.search(r"recorded as entry (\d+), but not drawn .*No space.*: `cacao label draw \1 -o FILE` draws it", said)


def _no_room(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_label_drawn_again_after_its_container_was_sealed_is_the_one_that_was_printed(house: House) -> None:
    now, at = house.now(), {"container_no": "CSQU3054383"}

    def ask(do: str, **body: str) -> None:
        command = COMMANDS.validate_python({"do": do, "id": uuid4(), "at": now, **at, **body})
        people.done(house, people.operator(house), command)

    def printed() -> int:
        (position,) = print_labels(house, people.operator(house), Wanted("container", "CSQU3054383"), 1)
        return position

    ask("open-container", holder_id="AG-01")
    ask("load-lot", lot_id="DR-001", kg="1", bags="1")
    first = printed()
    ask("seal-container", seal_no="PE9")
    seals = [batches(house, None, [position])[0].label.seal for position in (first, printed())]

    assert seals == [None, "PE9"]

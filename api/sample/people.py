"""Who takes part: invented farmers and the invented organisations that buy, raise and ship."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from api.sample.book import LIMA, Book, one_in
from api.sample.places import REGIONS, Region, Village

WOMEN = (
    "Nélida", "Graciela", "Yesenia", "Doralisa", "Marleni", "Teófila", "Roxana", "Isolina", "Vilma", "Edelmira", "Liz", "Zoila",
)  # fmt: skip
MEN = (
    "Abel", "Rómulo", "Hitler Iván", "Zenón", "Eleuterio", "Percy", "Darwin", "Fausto", "Nemesio", "Jhon", "Saúl", "Teodoro", "Walter",
)  # fmt: skip
SURNAMES = (
    "Cachique", "Tuanama", "Isuiza", "Ojanama", "Sinarahua", "Amasifuén", "Huamán", "Espinoza", "Cárdenas", "Ponce", "Trujillo", "Soto",
    "Berrospi", "Majino", "Picón", "Lavado", "Tapullima", "Sangama", "Pashanasi", "Chujutalli", "Atachi", "Fasabi", "Ruiz", "Bardales",
)  # fmt: skip
ORGANISATIONS = (
    ("MU-01", "municipality", "Municipalidad de Quebrada Honda", "250304"),
    ("NU-01", "nursery", "Vivero Tres Palmas", "220605"),
    ("NU-02", "nursery", "Vivero Raíz Verde E.I.R.L.", "250304"),
    ("AG-01", "aggregator", "Cooperativa Agraria Flor de Mazorca Ltda.", "220605"),
    ("AG-02", "aggregator", "Asociación de Cacaoteros Río Claro", "250304"),
    ("AG-03", "aggregator", 'Comité de Productores "Alto Pacae"', "100605"),
    ("EX-01", "exporter", "Exportadora Granos del Alba S.A.C.", "250101"),
    ("BU-01", "buyer", "Chocolates Piedra Lunar S.A.C.", "150122"),
    ("BU-02", "buyer", "Puerto Ámbar Cacao S.A.", "070101"),
)
RUC_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


@dataclass(frozen=True)
class Farmer:
    """One who harvests; some ferment and dry their own beans and sell them dry."""

    party_id: str
    region: Region
    village: Village
    enrolled_at: datetime
    dries: bool
    premium_pct: int


def ruc(first_ten: str) -> str:
    """A RUC with its check digit."""
    total = sum(weight * int(digit) for weight, digit in zip(RUC_WEIGHTS, first_ten, strict=True))
    return f"{first_ten}{(11 - total % 11) % 10}"


def enrol(book: Book, rng: Random) -> list[Farmer]:
    """Write all parties down, and answer with the farmers."""
    for party_id, role, name, district in ORGANISATIONS:
        document = ruc(f"20{rng.randint(10**7, 6 * 10**7)}")
        _note(book, rng, party_id=party_id, role=role, name=name, document=document, district=district)
    names = _names(rng)
    return [_farmer(book, rng, region, village, names) for region in REGIONS for village in region.villages for _ in range(village.farmers)]


def _farmer(book: Book, rng: Random, region: Region, village: Village, names: list[tuple[str, str]]) -> Farmer:
    name, sex = names.pop()
    party_id = f"FA-{sum(1 for _ in book.find('parties.csv', role='farmer')) + 1:04d}"
    enrolled = _note(book, rng, party_id=party_id, role="farmer", name=name, document=_document(rng), sex=sex, district=village.district)
    return Farmer(party_id, region, village, enrolled, dries=int(party_id[3:]) % 10 == 0, premium_pct=0 if one_in(rng, 4) else 10)


def _names(rng: Random) -> list[tuple[str, str]]:
    people = [(first, "F") for first in WOMEN] + [(first, "M") for first in MEN]
    names: dict[str, str] = {}
    while len(names) < sum(village.farmers for region in REGIONS for village in region.villages):
        first, sex = rng.choice(people)
        names[f"{first} {' '.join(rng.sample(SURNAMES, 2))}"] = sex
    return list(names.items())


def _document(rng: Random) -> str:
    dni = f"{rng.randint(10**6, 8 * 10**7):08d}"
    return rng.choices((dni, ruc(f"10{dni}"), ""), (80, 15, 5))[0]


def _note(book: Book, rng: Random, **cells: str) -> datetime:
    enrolled = datetime(2019, 3, 1, 9, tzinfo=LIMA) + timedelta(days=rng.randrange(1400), minutes=rng.randrange(480))
    phone = f"9{rng.randrange(10**8):08d}" if not one_in(rng, 5) else ""
    book.note("parties.csv", **cells, phone=phone, enrolled_at=enrolled.isoformat())
    return enrolled

"""Labels as a house prints them, for tests: every kind, signed by a key of the test's own or not, with numbers of GS1 or without."""

from dataclasses import dataclass, replace
from typing import Final, get_args

from labels.label import Label, Own, Sort
from labels.link import Of, label_link, label_path
from labels.signed import Claims, sign
from ledger.crypto import Signer

SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
SIGNER: Final = Signer("ledger.example/label/7", bytes(range(32)))
PLACE: Final = "https://ledger.cacao.example"
LOT, CONTAINER, CARD = "DR-2026-000769", "CSQU3054383", "FA-000123"
_SERIALS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Made:
    """What all labels of a printing say, and what they are on."""

    label: Label
    of: Of
    place: str = PLACE

    def own(self, number: int = 0) -> Own:
        """One of them, signed where the printing is."""
        serial = self.of.sscc or "0K3V9Z" + _SERIALS[number // 32 % 32] + _SERIALS[number % 32]
        path = label_path(self.of, serial)
        claims = Claims(self.label.kid or 0, 20_700, 41 + number, bytes(range(16)))
        digits = sign(path, claims, SIGNER) if self.label.kid else ""
        host = self.place.partition("//")[2]
        bare = (self.of.lot or "").rpartition("/")[2]
        elements = f"(00){self.of.sscc}" if self.of.sscc else f"(01){self.of.gtin}(10){bare}(21){serial}" if self.of.gtin else ""
        return Own(serial, label_link(self.place, self.of, serial), host if elements else f"{host}{path}", digits, elements)


def made(sort: Sort, *, signed: bool = True, gs1: bool = False) -> Made:
    """A printing of a sort of label; with numbers of GS1, a pallet has an SSCC and what else is of a lot a GTIN."""
    kid = 7 if signed else None
    if sort == "card":
        return Made(Label(sort, CARD, "2026-09-04", kid=kid), Of())
    if sort == "container":
        it = Label(sort, CONTAINER, "2026-09-04", "Agroexportadora San Martín S.A.C.", 17_545_809, "PE 0123456", kid)
        return Made(it, Of(container_no=CONTAINER, stuffing=2421))
    numbers = {} if not gs1 else {"sscc": "395212340000000012"} if sort == "pallet" else {"gtin": "09521234543213"}
    it = Label(sort, LOT, "2026-09-04", "Cooperativa Agraria Cacaotera Alto Huallaga Ltda.", 69_000, kid=kid)
    return Made(it, Of(lot=f"main/{LOT}", **numbers))


def drafted(it: Made) -> Made:
    """The same, of a house that only its own computer opens."""
    return replace(it, label=replace(it.label, draft=True), place="http://localhost:8000")

"""A season with printed labels, for tests: signed and not, void, replaced, of a lot that nobody may see, and a card; and their links."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from api import labelkeys
from api.house import House
from api.people import operator
from domain.vocabulary import COMMANDS
from labels import signed
from labels.link import Of, label_path
from labels.signed import Claims, day_of
from ledger.act import Act
from ledger.decision import Accepted
from projections.labels import label

CONTAINER, LOT, PRIVATE = "KAWU2607135", "X-0010", "D-0001"
HOLDER: Final = {CONTAINER: "main/EX-01", LOT: "main/EX-01"}


@dataclass
class Labelled:
    """A house with labels; serials by what they are for."""

    house: House
    kid: int
    size: int = 0
    """Entries, as far as they were asked for here."""

    def ask(self, do: str, **body: Any) -> int:
        """Give a command; its entry's position, which the views then show."""
        command = COMMANDS.validate_python({"do": do, "id": str(uuid4()), **body})
        (answer,) = self.house.writer.submit(Act([command], "u-labels", "main")).result()
        assert isinstance(answer, Accepted), answer
        position: int = answer.positions[0]
        assert self.house.follower.wait_for(position, 20)
        self.size = position
        return position

    def print(self, sort: str, *serials: str, lot: str = LOT, public: bool = False, kid: int | None = None) -> None:
        """Print labels of a container or a lot."""
        of = {"serials": list(serials), "printed_at": self.house.now(), "kid": kid}
        if sort == "container":
            self.ask("print-container-labels", container_no=CONTAINER, **of)
        elif sort == "card":
            self.ask("print-card", issuer_id="AG-01", party_id="FA-0001", **of)
        else:
            self.ask("print-lot-labels", lot_id=lot, sort=sort, public=public, **of)

    def path(self, serial: str) -> str:
        """The upper-case path of a label."""
        with self.house.pool.connection() as conn:
            of = label(conn, serial)
        assert of, serial
        on = Of(of.container_no, of.stuffing, of.lot, of.gtin, of.sscc) if of.sort != "card" else Of()
        return label_path(on, serial)

    def digits(self, serial: str, **otherwise: Any) -> str:
        """The signature of a label."""
        with self.house.pool.connection() as conn:
            of = label(conn, serial)
            assert of
            ((leaf,),) = conn.execute("SELECT sha256('\\x00'::bytea || line) FROM ledger.entries WHERE position = %s", (of.position,))
        claims = {"kid": self.kid, "issued_day": day_of(of.printed_at), "leaf_index": of.position - 1, "digest": bytes(leaf)[:16]}
        return signed.sign(self.path(serial), Claims(**(claims | otherwise)), labelkeys.signer(self.house, self.kid))

    def link(self, serial: str, *, signature: bool = True, suffix: str = "") -> str:
        """Path and query of a label."""
        path = self.path(serial) if not suffix else self.path(serial).lower().replace(f"/{serial.lower()}", f"/{serial}") + suffix
        return f"{path}?s={self.digits(serial)}" if signature else path


def labelled(house: House) -> Labelled:
    """Print something of everything in a house with the sample season."""
    it = Labelled(house, labelkeys.open_key(house, operator(house)))
    it.print("container", "C0NTA1NR", "C0NTA1N2", kid=it.kid)
    it.print("container", "P1A1NC0N")
    it.print("sack", "SACK0001", "SACK0002", "V01DSACK", "01DSACK1", kid=it.kid)
    it.print("sample", "PR1VATE1", lot=PRIVATE, kid=it.kid)
    it.print("sample", "0PENSAMP", lot=PRIVATE, kid=it.kid, public=True)
    it.print("card", "CARD0001")
    it.ask("void-labels", serials=["V01DSACK"], reason="lost", voided_at=house.now())
    with house.pool.connection() as conn:
        of = label(conn, "01DSACK1")
    assert of
    it.ask("reprint-labels", printing=of.printing, replaced=["01DSACK1"], serials=["NEWSACK1"], reason="damaged", kid=it.kid,
           printed_at=house.now())  # fmt: skip
    return it

"""A check of labels: what stands on paper of a lot cannot weigh more than the lot."""

from typing import Final

from ledger.schema import Connection
from projections.balance import MINE, read_all
from projections.findings import Finding, bare, kg
from projections.past import joined

_SAID: Final = {
    "sack": "labels of sacks of lot {lot} that count say {labelled} kg, and the lot weighed {kg} kg: void those that are on no beans",
    "pallet": "labels of pallets of lot {lot} that count say {labelled} kg, and the lot weighed {kg} kg: void those that are on no beans",
}  # fmt: skip


def labelled(conn: Connection, org: str | None, schema: str = "views") -> list[Finding]:
    """Lots whose labels of sacks, or of pallets, say together more than the lot weighed when it was made, by more than one of them:
    beans of elsewhere could go out under the others.
    """
    voided = joined(schema, "label_voids", "v", "v.serial = p.serial AND v.position > p.position")
    query = f"""SELECT l.lot, p.sort, sum(p.grams)::int8, l.grams, array_agg(DISTINCT p.position ORDER BY p.position), l.position
 FROM {schema}.labels p JOIN {schema}.lots l ON l.lot = p.lot LEFT JOIN {voided}
 WHERE p.sort IN ('sack', 'pallet') AND p.grams IS NOT NULL AND v.serial IS NULL AND {MINE}
 GROUP BY l.lot, p.sort, l.grams, l.position HAVING sum(p.grams) - max(p.grams) >= l.grams ORDER BY l.position, p.sort"""
    return [
        Finding("labelled", (("lot", lot),), _SAID[sort], {"lot": bare(lot), "labelled": kg(said), "kg": kg(grams)}, (made, *printed))
        for lot, sort, said, grams, printed, made in read_all(conn, query, org=org)
    ]

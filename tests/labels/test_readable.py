"""Labels are read after rain, in the dark and askew: a sample of what `python -m tests.labels.readable` tries."""

from itertools import cycle, product

from labels.paper import PAPERS
from labels.words import SECOND
from tests.labels.made import SORTS
from tests.labels.readable import module, readings

SPOKEN = cycle([("en", True), ("de", False), ("fr", True), ("nl", False), ("it", True), ("es", False)])
EACH = list(zip([*product(SORTS, sorted({*PAPERS} - {"a4"})), ("sample", "a4")], SPOKEN, strict=False))


def test_every_kind_and_size_is_read_when_clean_and_most_after_all_that_can_happen_at_once() -> None:
    tried = [readings(sort, paper, second, signed=signed, of=("clean", "all at once")) for (sort, paper), (second, signed) in EACH]

    assert {second for _, (second, _) in EACH} == set(SECOND)
    assert all(each["clean"] for each in tried)
    assert sum(each["all at once"] for each in tried) >= 0.8 * len(tried)


def test_modules_are_whole_dots_of_a_label_printer_and_a_signed_code_has_49_of_half_a_millimetre_or_more() -> None:
    of = [(signed, *module(sort, paper, signed=signed)) for (sort, paper), (_, signed) in EACH]

    assert {across for signed, across, _ in of if signed} == {49 + 8}
    assert all(wide >= 0.5 and wide % 0.125 == 0 for _, _, wide in of)

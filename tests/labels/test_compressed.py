"""Compressed links are read as other programs write them, and whatever is none is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from labels.compressed import SIX_BITS, expand
from labels.digital_link import BadLink, message

OTHERS = {
    "ARHKVAdpQg": "^0109780345418913",
    "ABeRcNWtKMPA": "^00106141412345678908",
    "QUCO_anbfA": "^4140614141123452",
    "JAaasHt_dNNt4ADESMALumsUfMAm34": "^240qwe390023^800309421012301014f9804dbf",
    "AQnYUc1gmiERBhQ0ytiyZuAGOLc1TXgpNWCv1": "^010541234500001310ABC&+123^70031903061658",
}
"""As the toolkits of GS1 and of others write them -> what they hold."""


@pytest.mark.parametrize(("segment", "holds"), OTHERS.items())
def test_what_other_programs_compressed_is_expanded(segment: str, holds: str) -> None:
    elements, others = expand(segment)

    assert message(elements) == holds
    assert others == ([("k1", "v1")] if segment.endswith("Cv1") else [])


@pytest.mark.parametrize("segment", ["", "AQ=", "DQnYUc1gmg", "BA" * 5, "_____", "A" * 401, "60000000000"])
def test_what_is_no_compressed_link_is_refused(segment: str) -> None:
    with pytest.raises(BadLink):
        expand(segment)


@given(some.text(SIX_BITS, min_size=1, max_size=60))
def test_no_segment_fails_otherwise(segment: str) -> None:
    try:
        elements, _ = expand(segment)
    except BadLink:
        return
    assert all(ai.isdecimal() for ai, _ in elements)

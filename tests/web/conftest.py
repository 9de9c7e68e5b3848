"""Other people's vectors, beside the checkout, and a browser."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.conftest import browser

__all__ = ["browser"]


@pytest.fixture(scope="session")
def tlog(need: Callable[[Path], Path]) -> Path:
    """Vectors of transparency logs."""
    return need(Path(__file__).resolve().parents[3] / "shared" / "conformance" / "tlog")

"""Other people's vectors, read beside the checkout and never copied into it."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(scope="session")
def tlog() -> Path:
    """Vectors of transparency logs; skips where they are absent, fails in CI."""
    folder = SHARED / "conformance" / "tlog"
    if not folder.exists():
        message = "no conformance data: ../shared/conformance/tlog is absent"
        if os.environ.get("CACAO_CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder

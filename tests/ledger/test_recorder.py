"""The recorder passes the contract test that the eventsourcing library ships, unchanged."""

import pytest
from eventsourcing.dcb.api import DCBEvent
from eventsourcing.dcb.tests import DCBRecorderTestCase
from eventsourcing.persistence import ProgrammingError

from ledger.recorder import Recorder
from ledger.writer import Writer


class TestContract(DCBRecorderTestCase):
    @pytest.fixture(autouse=True)
    def _recorder(self, ledger: str, writer: Writer) -> None:
        self.recorder = Recorder(ledger, writer)

    def test_append_and_read(self) -> None:
        self._test_append_read(self.recorder)

    def test_append_and_subscribe(self) -> None:
        self._test_append_subscribe(self.recorder)

    def test_what_commands_append_is_appended_by_commands_alone(self) -> None:
        with pytest.raises(ProgrammingError):
            self.recorder.append([DCBEvent("lot-bought.v1", b"{}", ["lot:main/X"])])

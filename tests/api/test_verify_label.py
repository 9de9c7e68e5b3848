"""`cacao verify` of a label: by the keys that somebody kept, without asking anybody; asked to, also whether its printing is in the log."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import labelkeys, people, verifylabel
from api.access import Actor
from api.app import create
from api.cli import app
from api.fetching import Reply
from api.giving import give
from api.house import House
from api.people import operator
from api.verifying import BROKEN, FALSE, TRUE, Trust, Verdict, trusted
from api.verifylabel import Key, keys_of, verify
from domain.vocabulary import COMMANDS
from labels.link import Of, label_link
from labels.signed import Claims, sign
from ledger.crypto import Signer
from ledger.note import Malformed
from projections.labels import of_entry
from tests.api.test_crash import wait_until

SIGNER = Signer("label-7", bytes(range(32)))
OF = Of(lot="main/B-000769", gtin="09521234543213")
PATH = "/01/09521234543213/10/B-000769/21/0K3V9ZQ1"
LINK = label_link("https://cacao.example/libro", OF, "0K3V9ZQ1", sign(PATH, Claims(7, 20_700, 41, bytes(range(16))), SIGNER))
KEY: dict[str, Any] = {"kid": 7, "public": b64encode(SIGNER.key.public).decode(), "opened_at": "2026-09-04T00:00:00-05:00"}
DAY, LATER = "2026-09-04T23:59:59-05:00", "2026-09-05T00:00:00-05:00"
NOBODY = Trust()


def offline(link: str = LINK, **key: Any) -> Verdict:
    return verify(link, {7: Key(**KEY | key)}, NOBODY, online=False)


def test_a_label_is_true_by_the_keys_that_one_has_and_what_was_not_checked_is_said() -> None:
    said = offline()

    assert said.code == TRUE
    assert said.sentence("en") == (
        "True: label 0K3V9ZQ1 of lot B-000769, issued on 2026-09-04, signed with label key 7; not checked: whether it was voided since,"
        " and whether its printing is in the log (--online asks, and so does scanning it)."
    )
    assert said.sentence("es").startswith("Verdadero: etiqueta 0K3V9ZQ1 del lote B-000769, emitida el 2026-09-04")
    assert said.found == {
        "what": "label", "path": PATH, "serial": "0K3V9ZQ1", "lot": "main/B-000769", "gtin": "09521234543213", "kid": 7,
        "issued": "2026-09-04", "position": 42, "digest": bytes(range(16)).hex(), "checked_with": "keys",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("link", "key", "code", "words"),
    [
        (LINK.replace("B-000769", "B-000768"), {}, FALSE, "forged"),
        (LINK.replace("0K3V9ZQ1", "0K3V9ZQ2"), {}, FALSE, "forged"),
        (LINK[:-1] + str((int(LINK[-1]) + 1) % 10), {}, FALSE, "forged"),
        (LINK[:-9], {}, FALSE, "not those of a signature"),
        (LINK, {"public": b64encode(bytes(32)).decode()}, FALSE, "forged"),
        (LINK, {"closed_at": DAY, "reason": "rotated"}, TRUE, "issued on 2026-09-04"),
        (LINK, {"opened_at": "2026-09-06T00:00:00-05:00"}, FALSE, "was not open"),
        (LINK, {"opened_at": "2026-09-05T01:00:00Z"}, TRUE, "issued on 2026-09-04"),
        (LINK, {"closed_at": "2026-09-02T23:59:59-05:00", "reason": "lost"}, FALSE, "was not open"),
        (LINK, {"closed_at": LATER, "reason": "compromised", "since": LATER}, BROKEN, "in the hands of others"),
        (LINK.partition("?")[0], {}, BROKEN, "is not signed"),
        (LINK + "&s=1", {}, BROKEN, "is not signed"),
        (LINK.lower(), {}, BROKEN, "no address of a label"),
        (LINK.partition("=")[2], {}, BROKEN, "digits alone"),
        ("https://cacao.example/c/CSQU3054383/22", {}, BROKEN, "no address of a label"),
    ],
    ids=range(15),
)
def test_what_the_address_does_not_show_is_false_or_not_judged(link: str, key: dict[str, Any], code: int, words: str) -> None:
    said = offline(link, **key)

    assert (said.code, words in said.sentence("en")) == (code, True), said.sentence("en")


def test_a_label_of_a_key_that_is_not_in_the_list_is_not_judged_and_neither_is_one_without_list() -> None:
    assert verify(LINK, {}, NOBODY, online=False).sentence("en") == (
        "No verdict: it says that label key 7 signed it, which is not among the keys."
    )
    assert "--keys" in verify(LINK, None, NOBODY, online=False).sentence("en")
    with pytest.raises(Malformed):
        keys_of(b'{"keys": [{"kid": 7}]}')


def test_the_terminal_tells_labels_from_files_and_takes_the_kept_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACAO_HOME", str(tmp_path / "home"))
    kept = tmp_path / "keys.json"
    kept.write_text(json.dumps({"keys": [KEY]}))
    run = CliRunner().invoke

    done = run(app, ["verify", LINK, "--keys", str(kept), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["verdict"]) == (TRUE, "true")
    assert run(app, ["verify", LINK.replace("769", "768"), "--keys", str(kept)]).exit_code == FALSE
    kept.write_text("[]]")
    assert run(app, ["verify", LINK, "--keys", str(kept)]).exit_code == BROKEN
    assert run(app, ["verify", str(tmp_path / "none.tlog-proof")]).exit_code == BROKEN


@pytest.fixture(scope="module")
def printed(fresh_house: House) -> Iterator[tuple[str, TestClient]]:
    """A signed label of a container, and the house that printed it, whose head covers the printing."""
    house, now = fresh_house, fresh_house.now()
    labelkeys.open_key(house, operator(house))
    bodies: list[dict[str, Any]] = [
        {"do": "enrol-party", "party_id": "EX-1", "role": "exporter", "name": "Mayo", "district": "220501", "enrolled_at": now},
        {"do": "open-container", "container_no": "CSQU3054383", "holder_id": "EX-1", "at": now},
        {"do": "print-container-labels", "container_no": "CSQU3054383", "serials": ["4J7NB2T5"], "kid": 1, "printed_at": now},
    ]
    commands = [COMMANDS.validate_python({"id": f"018f0000-0000-7000-8000-00000000000{at}", **body}) for at, body in enumerate(bodies)]
    position = people.done(house, operator(house), *commands)
    with house.pool.connection() as conn:
        [label] = of_entry(conn, position)
    digits = labelkeys.digits_of(house, [label])
    assert labelkeys.digits_of(house, [label]) == digits, "signed again it is the same"
    with TestClient(create(house)) as client:
        wait_until(lambda: client.get(f"/proofs/{position}.tlog-proof").status_code == 200)
        yield label_link("https://cacao.example", labelkeys.of(label), label.serial, digits[label.serial]), client


class Reached:
    """A line to a house that is in this process; some answers are others than it gives."""

    other: Callable[[str, bytes], bytes] = staticmethod(lambda _path, body: body)
    client: TestClient

    def __init__(self, base: str, most: int) -> None:
        assert (base, most > 0) == ("https://CACAO.EXAMPLE", True)

    def ask(self, method: str, path: str) -> Reply:
        answer = self.client.request(method, path)
        return Reply(answer.status_code, answer.headers, type(self).other(path, answer.content))


@pytest.mark.parametrize(
    ("other", "code", "words"),
    [
        (lambda _path, body: body, TRUE, "the entry of its printing stands at position 4 of "),
        (lambda path, body: body.replace(b"index 3", b"index 2") if "tlog-proof" in path else body, FALSE, "another entry"),
        (lambda path, body: body.replace(b'"leaf_hash":"', b'"leaf_hash":"A') if "size=" in path else body, FALSE, "no good proof"),
        (lambda path, body: b"{}" if "size" in path else body, FALSE, "no good proof"),
        (lambda path, body: b"[]" if path == "/label-keys" else body, BROKEN, "not among the keys"),
        (lambda path, body: b'{"kind":"cloned"}' if "/S/" in path else body, TRUE, "may have been copied"),
        (lambda path, body: b"<html>" if "/S/" in path else body, BROKEN, "does not say whether it is valid still"),
    ],
    ids=range(7),
)
def test_asked_to_it_asks_the_labels_own_house_for_keys_and_proof(
    printed: tuple[str, TestClient], fresh_house: House, monkeypatch: pytest.MonkeyPatch,
    other: Callable[[str, bytes], bytes], code: int, words: str,
) -> None:  # fmt: skip
    link, client = printed
    monkeypatch.setattr(verifylabel, "Line", type("Line", (Reached,), {"client": client, "other": staticmethod(other)}))

    said = verify(link, None, trusted(None, fresh_house.settings.log_key), online=True)
    assert (said.code, words in said.sentence("en")) == (code, True), said.sentence("en")
    if code == TRUE:
        assert "the keys came from the same place as the label" in said.sentence("en")
        assert "its house knows of nothing against it" in said.sentence("en") or "copied" in words
        assert (said.found["log_checked_with"], said.found["container_no"]) == ("own key", "CSQU3054383")


def test_labels_are_voided_by_people_of_whoever_printed_them_and_are_unknown_to_others(
    printed: tuple[str, TestClient], fresh_house: House
) -> None:
    assert printed
    house, now = fresh_house, fresh_house.now()
    bodies: list[dict[str, Any]] = [
        {"do": "print-container-labels", "container_no": "CSQU3054383", "serials": ["4J7NB2T6"], "printed_at": now},
        {"do": "void-labels", "serials": ["4J7NB2T6"], "reason": "wrong", "voided_at": now},
        {"do": "void-labels", "serials": ["4J7NB2T6"], "reason": "wrong", "voided_at": now},
    ]

    def answers(org: str, role: str) -> list[str]:
        commands = [COMMANDS.validate_python({"id": uuid4(), **body}) for body in bodies]
        return [getattr(each, "code", "accepted") for each in give(house, Actor("U", org, (role,), session=True), commands)]

    assert answers("main/EX-2", "exporter") == ["unknown-container", "unknown-label", "unknown-label"]
    assert answers("main/EX-1", "buyer")[0] == "forbidden"
    assert answers("main/EX-1", "exporter") == ["accepted", "accepted", "already"]


def test_a_label_that_was_voided_since_is_not_true_once_its_house_is_asked(
    printed: tuple[str, TestClient], fresh_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, client), house, now = printed, fresh_house, fresh_house.now()
    monkeypatch.setattr(verifylabel, "Line", type("Line", (Reached,), {"client": client}))

    def done(**body: Any) -> int:
        return people.done(house, operator(house), COMMANDS.validate_python({"id": uuid4(), **body}))

    first = done(do="print-container-labels", container_no="CSQU3054383", serials=["4J7NB2T7"], kid=1, printed_at=now)
    with house.pool.connection() as conn:
        [label] = of_entry(conn, first)
    link = label_link("https://cacao.example", labelkeys.of(label), label.serial, labelkeys.digits_of(house, [label])[label.serial])
    last = done(do="void-labels", serials=["4J7NB2T7"], reason="lost", voided_at=now)
    wait_until(lambda: client.get(f"/proofs/{last}.tlog-proof").status_code == 200)

    said = verify(link, None, trusted(None, house.settings.log_key), online=True)
    assert (said.code, said.found["house_says"]) == (FALSE, "void")
    assert "its house says that it is no longer valid" in said.sentence("en")
    assert "su casa dice que ya no vale" in said.sentence("es")

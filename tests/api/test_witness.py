"""`cacao witness` at its address: the specification's statuses, one state for two servers, and a state that no kill takes back."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request as Ask
from urllib.request import urlopen

import pytest
from starlette.testclient import TestClient

from api.running import free
from api.witness import Unfit, create, opened, policy_line
from ledger import note
from ledger.crypto import Signer, verify
from ledger.note import WITNESS
from ledger.policy import parse as parse_policy
from ledger.witness import place
from tests.api.chromium import free_port
from tests.api.test_crash import CACAO, environment, wait_until
from tests.ledger.test_witness import LOG as OURS
from tests.ledger.test_witness import ask, head

NAME = "witness.example/cacao"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create(opened(tmp_path / "w", NAME, [str(OURS.key)]), "https://witness.example")) as client:
        yield client


def test_a_cosignature_holds_and_a_monitor_sees_it(door: TestClient) -> None:
    assert door.get(f"/{place(OURS.name)}/checkpoint").status_code == 404

    answer = door.post("/add-checkpoint", content=ask(0, 5))

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    shown = door.get(f"/{place(OURS.name)}/checkpoint")
    policy = parse_policy(f"{vkey_line(door)}\nquorum none\n")
    (witness,) = [key for key, _ in policy.witnesses.values()]
    assert note.opened(head(5) + answer.content, [witness], verify).text == note.parse(head(5)).text
    assert shown.content == head(5) + answer.content
    assert door.get(f"/{place('log.example/unknown')}/checkpoint").status_code == 404


def vkey_line(door: TestClient) -> str:
    return next(line for line in door.get("/").text.splitlines() if line.startswith("witness "))


def test_it_says_in_words_who_it_is_and_what_it_saw(door: TestClient) -> None:
    assert f"{OURS.name}: nada todavía (nothing yet)" in door.get("/").text
    door.post("/add-checkpoint", content=ask(0, 5))
    text = door.get("/").text
    assert f"Testigo {NAME}" in text
    assert f"{OURS.name}: 5 asientos (entries), " in text
    assert re.search(rf"^witness {NAME} {NAME}\+[0-9a-f]{{8}}\+[A-Za-z0-9+/=]{{44}} https://witness.example$", text, re.MULTILINE)


def test_a_conflict_tells_the_size_in_the_form_of_the_specification(door: TestClient) -> None:
    door.post("/add-checkpoint", content=ask(0, 5))
    answer = door.post("/add-checkpoint", content=ask(3, 7))
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0], answer.text) == (409, "text/x.tlog.size", "5\n")


def test_a_large_body_is_not_read_to_its_end(door: TestClient) -> None:
    assert door.post("/add-checkpoint", content=b"old 0\n" * 50_000).status_code == 413
    assert door.get("/add-checkpoint").status_code == 405


def test_a_damaged_record_is_a_failure_and_no_signature(door: TestClient, tmp_path: Path) -> None:
    door.post("/add-checkpoint", content=ask(0, 5))
    (tmp_path / "w" / place(OURS.name)).write_bytes(b"")
    assert door.post("/add-checkpoint", content=ask(0, 5)).status_code == 500
    assert "dañado (damaged)" in door.get("/").text


def test_the_key_is_made_once_readable_by_its_owner_alone_and_keeps_its_name(tmp_path: Path) -> None:
    first = opened(tmp_path, NAME, [str(OURS.key)])

    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "key").read_text().startswith(f"PRIVATE+KEY+{NAME}+")
    assert opened(tmp_path, None, [str(OURS.key)]).key == opened(tmp_path, NAME, [str(OURS.key)]).key == first.key
    assert first.key.type == WITNESS
    assert parse_policy(f"{policy_line(first, 'https://w.example')}\nquorum {NAME}\n").witnesses[NAME] == (first.key, "https://w.example")


@pytest.mark.parametrize(
    ("name", "logs", "why"),
    [
        (None, [str(OURS.key)], "a new witness needs a name"),
        ("a b", [str(OURS.key)], "cannot be the name of a key"),
        (NAME, ["log.example"], "--log: "),
        (NAME, [str(Signer.new("w.example", WITNESS).key)], "that of a witness, not of a log"),
    ],
)
def test_a_witness_that_cannot_be_is_refused_in_words(tmp_path: Path, name: str | None, logs: list[str], why: str) -> None:
    with pytest.raises(Unfit, match=re.escape(why)):
        opened(tmp_path / "w", name, logs)
    assert not (tmp_path / "w").exists()


def test_another_name_and_anothers_key_are_refused(tmp_path: Path) -> None:
    opened(tmp_path, NAME, [str(OURS.key)])
    with pytest.raises(Unfit, match=f"is the key of {NAME}: a witness keeps its name"):
        opened(tmp_path, "other.example", [str(OURS.key)])
    (tmp_path / "key").write_text(str(Signer.new(NAME)))
    with pytest.raises(Unfit, match="is the key of a log"):
        opened(tmp_path, None, [str(OURS.key)])


@contextmanager
def witness(folder: Path, *before: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A witness in a process of its own; its address."""
    port = free_port()
    words = ["witness", "--log", str(OURS.key), "--name", NAME, "--dir", str(folder), "--port", str(port)]
    start = [sys.executable, "-c", "\n".join((*before, "from api.cli import main", "main()"))] if before else [str(CACAO)]
    process = subprocess.Popen([*start, *words], env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        wait_until(lambda: process.poll() is not None or not free("127.0.0.1", port))
        assert process.poll() is None
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.communicate()


def posted(url: str, body: bytes) -> tuple[int, str]:
    try:
        with urlopen(Ask(f"{url}/add-checkpoint", body, method="POST"), timeout=20) as answer:  # noqa: S310 - this computer
            return answer.status, answer.read().decode()
    except HTTPError as no:
        return no.code, no.read().decode()


def test_two_servers_of_one_folder_cosign_one_of_two_heads_that_are_asked_at_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        both = [stack.enter_context(witness(tmp_path)) for _ in range(2)]
        urls = [url for url, _ in both]
        assert posted(urls[0], ask(0, 1))[0] == 200
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda new: posted(urls[new % 2], ask(1, new)), range(2, 26)))
        (winner,) = [new for new, (status, _) in enumerate(answers, 2) if status == 200]
        assert {answer for answer in answers if answer[0] != 200} == {(409, f"{winner}\n")}
        assert [posted(url, ask(0, 30)) for url in urls] == [(409, f"{winner}\n")] * 2
        for url, process in both:
            process.send_signal(signal.SIGTERM)
            printed, _ = process.communicate(timeout=20)
            assert process.returncode == 0
            assert parse_policy(f"{printed}quorum {NAME}\n").witnesses[NAME][1] == url.replace("127.0.0.1", "localhost")


DIES = (
    "import os, signal",
    "from ledger.signed import LastSigned",
    "swap = LastSigned.swap",
    "def dying(self, old, new):",
    "    swap(self, old, new)",
    "    os.kill(os.getpid(), signal.SIGKILL)",
    "LastSigned.swap = dying",
)


def test_what_was_kept_before_a_kill_is_not_taken_back_after_it(tmp_path: Path) -> None:
    opened(tmp_path, NAME, [str(OURS.key)]).add(ask(0, 5))

    with witness(tmp_path, *DIES) as (url, process):
        with pytest.raises(OSError, match=r"."):
            posted(url, ask(5, 9))
        assert process.wait(20) == -signal.SIGKILL

    with TestClient(create(opened(tmp_path, NAME, [str(OURS.key)]), "")) as again:
        answer = again.post("/add-checkpoint", content=ask(5, 7))
        assert (answer.status_code, answer.text) == (409, "9\n")
        assert again.post("/add-checkpoint", content=ask(9, 9)).status_code == 200

"""The crash drill: server, publisher and database are killed at random moments under load, again and again.

`uv run python -m tests.crash [ROUNDS]` (200 without a number). Afterwards: no acknowledged entry is lost, none is there twice, and all
heads that were ever shown are heads of one history.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen
from uuid import uuid4

import psutil
import psycopg

from api.examples import EXAMPLES
from api.house import DATABASE, token
from api.running import free
from api.settings import Settings
from ledger.checkpoint import parse as parse_checkpoint
from ledger.crypto import Signer, verify
from ledger.merkle import EMPTY, Range, leaf_hash, unpacked
from ledger.note import opened
from ledger.server import Server

CACAO: Final = Path(sys.executable).parent / "cacao"
VICTIMS: Final = ("server", "publisher", "database")
CALLERS: Final = 4
PATIENCE: Final = 90.0


@dataclass
class Drill:
    """One house under load, its processes, and what its callers and readers were told."""

    home: Path
    port: int
    seed: int
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    heads: set[bytes] = field(default_factory=set)
    repeats: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str) -> None:
        """Start the server or the publisher, each with its log in a file."""
        words = ["serve", "--port", str(self.port)] if name == "server" else ["publish"]
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CACAO_PUBLISH")}
        env = kept | {"CACAO_HOME": str(self.home), "CACAO_PUBLISH": "0" if name == "server" else "1", "CACAO_RATE_TOKEN": "0"}
        with (self.home.parent / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen([CACAO, *words], env=env, stdout=log, stderr=log, start_new_session=True)

    def kill(self, victim: str) -> None:
        """Kill -9; whatever it was, it is started again (the database by those who use it)."""
        if victim == "database":
            with suppress(OSError, ValueError, psutil.Error):
                psutil.Process(int((self.home / "pg" / "postmaster.pid").read_text(encoding="utf-8").split()[0])).kill()
            return
        self.processes[victim].kill()
        self.processes[victim].wait()
        self.start(victim)

    def call(self, number: int, secret: str) -> None:
        """One caller: sends a command until it is acknowledged, then the next."""
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        at = 0
        while not self.ended.is_set():
            at += 1
            body = {**EXAMPLES[0], "id": str(uuid4()), "party_id": f"K{number}-{at}"}
            while not self.ended.is_set():
                request = Request(f"http://127.0.0.1:{self.port}/commands", json.dumps(body).encode(), headers)
                with suppress(OSError, HTTPException, ValueError), urlopen(request, timeout=30) as answer:  # noqa: S310 - our own
                    said = json.load(answer)
                    self.acknowledged[body["id"]] = said["positions"][0]
                    self.repeats += said["status"] == "repeat"
                    break
                time.sleep(0.05)

    def watch(self) -> None:
        """A reader who keeps every head that is shown."""
        while not self.ended.wait(0.05):
            with suppress(OSError, HTTPException), urlopen(f"http://127.0.0.1:{self.port}/checkpoint", timeout=5) as answer:
                self.heads.add(answer.read())

    def run(self, rounds: int) -> None:
        """Start all, kill at random, end all."""
        for name in ("server", "publisher"):
            self.start(name)
        self._until(lambda: not free("127.0.0.1", self.port))
        secret = token(Settings(home=self.home))
        threads = [threading.Thread(target=self.call, args=(number, secret)) for number in range(CALLERS)]
        threads.append(threading.Thread(target=self.watch))
        for thread in threads:
            thread.start()
        by_chance = random.Random(self.seed)  # noqa: S311 - to be run again
        try:
            for at in range(rounds):
                before, shown = len(self.acknowledged), len(self.heads)
                self._until(lambda before=before: len(self.acknowledged) > before + 5)  # type: ignore[misc]
                if at % 2:  # every other round waits for a head that nobody saw before; the rounds between kill who would sign it
                    self._until(lambda shown=shown: len(self.heads) > shown)  # type: ignore[misc]
                time.sleep(by_chance.random() * 0.6)
                self.kill(by_chance.choice(VICTIMS))
            before = len(self.acknowledged)
            self._until(lambda: len(self.acknowledged) > before + 5)
            size = max(self.acknowledged.values())
            self._until(lambda: any(head.size >= size for head in self.shown()))
        finally:
            self.ended.set()
            for thread in threads:
                thread.join()
            for process in self.processes.values():
                process.kill()
                process.wait()

    @staticmethod
    def _until(true: Any) -> None:
        until = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > until:
                raise TimeoutError("it did not come back in time")
            time.sleep(0.02)

    def shown(self) -> list[Any]:
        """The heads that were shown, each signed by the log's key."""
        key = Signer.parse((self.home / "keys" / "log.key").read_text(encoding="ascii").strip()).key
        return [parse_checkpoint(opened(note, [key], verify).text) for note in self.heads.copy()]

    def judged(self) -> dict[str, int]:
        """What was lost, doubled, or signed inconsistently: all must be 0."""
        with psycopg.connect(Server(self.home / "pg").ensure(DATABASE)) as conn:
            lines = [bytes(line) for (line,) in conn.execute("SELECT line FROM ledger.entries ORDER BY position")]
            ((size, nodes),) = conn.execute("SELECT size, nodes FROM ledger.head").fetchall()
        ids = [json.loads(line)["id"] for line in lines]
        heads = {head.size: head.root for head in self.shown()}
        tree, roots = Range(), {0: EMPTY}
        for line in lines:
            tree = tree.extend([leaf_hash(line)])
            if tree.size in heads:
                roots[tree.size] = tree.root()
        return {
            "lost": sum(ids[at - 1 : at] != [id_] for id_, at in self.acknowledged.items()),
            "doubled": len(ids) - len(set(ids)),
            "inconsistent": sum(roots.get(of) != root for of, root in heads.items()) + (len(self.heads) - len(heads)),
            "head": int((tree.size, tree) != (size, unpacked(size, bytes(nodes)))),
        }


def drill(folder: Path, rounds: int, seed: int) -> tuple[Drill, dict[str, int]]:
    """So many rounds in a folder of their own; what they were told, and what was found wrong."""
    port = next(port for port in range(18_700, 18_800) if free("127.0.0.1", port))
    it = Drill(folder / "home", port, seed)
    try:
        it.run(rounds)
        return it, it.judged()
    finally:
        Server(it.home / "pg").stop()


def main() -> int:
    """Run it and tell."""
    rounds, seed = int(sys.argv[1]) if len(sys.argv) > 1 else 200, random.SystemRandom().randrange(2**32)
    print(f"{rounds} rounds, seed {seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cacao-crash-", ignore_cleanup_errors=True) as folder:
        it, wrong = drill(Path(folder), rounds, seed)
    print(
        f"{rounds} rounds in {time.monotonic() - began:.0f} s: {len(it.acknowledged):,} entries acknowledged ({it.repeats:,} as repeats),"
        f" {len(it.heads):,} signed heads shown; wrong: {wrong}"
    )
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())

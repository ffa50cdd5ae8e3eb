"""The pages as they are run: `semana serve ui` in a process of its own before a running API, and a browser to look."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from semana.stores.home import Stores
from tests.house.tree import ROOT
from tests.serving.server import served

CHROMIUM = shutil.which("chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
LAPTOP, PHONE = (1366, 800), (390, 844)
LOOKS = {
    "english-light-laptop": ("en", False, LAPTOP),
    "spanish-dark-laptop": ("es", True, LAPTOP),
    "english-dark-phone": ("en", True, PHONE),
    "spanish-light-phone": ("es", False, PHONE),
}
# Whatever the process wants of another machine is written down, whoever in it asks.
_WATCH = """
import sys

def watch(event, said):
    if event in ("socket.connect", "socket.getaddrinfo"):
        host = said[1][0] if event == "socket.connect" and isinstance(said[1], tuple) else said[0]
        if event == "socket.connect" and not isinstance(said[1], tuple):
            return
        if str(host) not in ("127.0.0.1", "localhost", "::1", "None", ""):
            with open({path!r}, "a") as file:
                file.write(f"{{event}} {{host}}\\n")

sys.addaudithook(watch)
"""


@dataclass
class Pages:
    """Running pages: where they are, what they say on stderr, and what they wanted of other machines."""

    address: str
    process: subprocess.Popen[str]
    log: Path
    asked_elsewhere: Path
    seconds: float


@contextmanager
def pages(api: str, folder: Path, *words: str) -> Iterator[Pages]:
    """Pages that ask the API at that address; they end with Ctrl-C, and must end well."""
    folder.mkdir(exist_ok=True)
    elsewhere = folder / "elsewhere.txt"
    (folder / "sitecustomize.py").write_text(_WATCH.format(path=str(elsewhere)))
    command = [sys.executable, "-m", "semana.cli", "serve", "ui", "--port", "0", "--api", api, *words]
    began = time.perf_counter()
    with (folder / "ui.log").open("w") as errors:
        env = {**os.environ, "PYTHONPATH": str(folder)}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True, env=env
        )
    try:
        assert process.stdout is not None
        address = re.match(r"Pages: (http://\S+)", process.stdout.readline())
        assert address, (folder / "ui.log").read_text()
        assert httpx2.get(f"{address[1]}/livez", timeout=60).json() == {"status": "ok"}
        yield Pages(address[1], process, folder / "ui.log", elsewhere, time.perf_counter() - began)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()
    assert process.returncode == 0, (folder / "ui.log").read_text()
    assert not elsewhere.exists(), elsewhere.read_text()


@contextmanager
def pages_of(stores: Stores, folder: Path, *, start: str = "ready") -> Iterator[Pages]:
    """Pages before an API of the home, both in processes of their own."""
    with served(stores.home, start=start) as (client, _), pages(str(client.base_url), folder / "ui") as running:
        yield running


@dataclass
class Seen:
    """A page of the browser, with what went wrong on it."""

    page: Any
    address: str
    lang: str
    wrong: list[str] = field(default_factory=list)
    device: str = ""  # in pictures of docs, where they are wanted

    def picture(self, name: str, *devices: str) -> None:
        """A picture of what is seen now, for docs, where it is wanted; on a laptop, where nothing else is said."""
        if self.device in (devices or ("laptop",)):
            self.page.evaluate("scrollTo(0, 0)")
            self.page.wait_for_timeout(1000)
            self.page.screenshot(path=str(ROOT / "docs" / "pictures" / f"{name}-{self.device}.png"))

    def open(self, view: str, group: str = "sell") -> Any:
        """Opens the tab; the tab."""
        button = self.page.locator(f"#{view}-button")
        if not button.is_visible():
            self.page.click(f"#{group}-button")
        button.click()
        return self.page.locator(f"#{view}")

    def check(self) -> None:
        """Nothing asked another machine, no script failed, nothing lies beside the screen."""
        assert self.wrong == []
        wide, screen = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= screen


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's Chromium, or a skip that says how to get it."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield started
        started.close()


@contextmanager
def seen(
    chromium: Any, address: str, lang: str = "en", *, dark: bool = False, size: tuple[int, int] = LAPTOP
) -> Iterator[Seen]:
    """A person's page, in the language of their browser."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        locale={"en": "en-GB", "es": "es-CL"}.get(lang, lang),
    )
    page = context.new_page()
    page.set_default_timeout(45_000)
    found = Seen(page, address, lang)

    def asked(request: Any) -> None:
        elsewhere = not request.url.startswith((address, "data:", "blob:"))
        if elsewhere or "/queue/" in request.url:  # each event is one request
            found.wrong.append(request.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: found.wrong.append(str(error)))
    page.on("dialog", lambda dialog: (found.wrong.append(dialog.message), dialog.dismiss()))
    yield found
    context.close()


def says(person: Seen, english: str, spanish: str) -> str:
    """The words in the person's language."""
    return english if person.lang == "en" else spanish

"""A hub that runs, and a browser that looks at it: what the tests of the pages share."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the pages cannot be looked at")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
INSIDE = Path(__file__).parent / "hub" / "inside"  # a server on this machine stands for one of the public internet
LOCALES = {"ko": "ko-KR", "en": "en-GB"}
PATIENCE = 60_000  # ms that a page may take to show what is waited for


class Up(NamedTuple):
    """A hub that runs."""

    base: str
    token: str
    home: Path


def knows(home, described):
    """A hub's folder, not yet there, in which the descriptions of projects lie that another hub of these tests has made."""
    (home / "hub").mkdir(mode=0o700, parents=True)
    (home / "hub" / "projects").symlink_to(described)
    return home


@contextmanager
def hub(home, workers=1, **environment):
    """A hub of its own with an empty store."""
    path = os.pathsep.join(filter(None, (str(INSIDE), os.environ.get("PYTHONPATH", ""))))
    known = {**os.environ, "DURE_HOME": str(home), "DURE_STORE": "", "PYTHONPATH": path, **environment}
    command = [sys.executable, "-m", "dure", "up", "--port", "0", "--workers", str(workers)]
    with (home.parent / f"{home.name}.log").open("wb") as log:
        server = subprocess.Popen(command, env=known, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        base, token = re.search(r"(http://[^/]+)/enter\?token=(\S+)", server.stdout.readline()).groups()
        yield Up(base, token, home)
    finally:
        server.terminate()
        server.communicate(timeout=60)


@contextmanager
def browser():
    """Debian's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Reader:
    """Somebody at a browser, signed in to a hub; whatever the console says against the pages is kept in `wrong`."""

    def __init__(self, browser, up, language, *, width=1200, dark=False):
        self.base, self.wrong = up.base, []
        self.context = browser.new_context(
            locale=LOCALES[language], viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on(
            "console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.go(f"/enter?token={up.token}")

    def go(self, path):
        """Open a page of the hub."""
        return self.page.goto(self.base + path)

    def serious(self):
        """What axe finds that keeps people from reading the page: (rule, where)."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        return [(each["id"], each["nodes"][0]["html"][:200]) for each in found.response["violations"]]

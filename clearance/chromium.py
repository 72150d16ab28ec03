"""Debian's Chromium where there is one: for the demo's last picture, the pictures in docs, and the browser tests.

Driven over Playwright, which only development installs carry; whoever asks finds out first with `why_not`.
"""

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

PLACES = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It runs as root in containers, without a screen, and is to speak with nobody but us."""


class BrowserFailed(Exception):
    """The browser is there and did not do what it was asked: its message says what."""


def executable() -> str | None:
    """The browser's path, if there is one."""
    return next((found for place in PLACES if (found := shutil.which(place))), None)


def why_not() -> str:
    """Why no page can be opened here, with what to do; empty where it can."""
    if executable() is None:
        return "no Chromium here: apt-get install chromium"
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not installed here: it is among the development requirements"
    return ""


@contextmanager
def opened(width: int = 1280, height: int = 900, **options: Any) -> Iterator["BrowserContext"]:
    """A browser with a new, empty profile. `options` are Playwright's own of a context."""
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory(prefix="clearance-chromium-") as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            Path(profile),
            executable_path=executable(),
            args=list(FLAGS),
            headless=True,
            viewport={"width": width, "height": height},
            **options,
        )
        try:
            yield context
        finally:
            context.close()


def photograph(url: str, tenant_id: object, login: str, password: str, path: str, target: Path) -> None:
    """A page of the console as the officer of that login sees it, as a PNG. Raises `BrowserFailed`."""
    from playwright.sync_api import Error

    try:
        with opened(1280, 1500) as context:
            page = sign_in(context, url, tenant_id, login, password)
            page.goto(f"{url}{path}", wait_until="networkidle")
            page.screenshot(path=target)
    except Error as error:
        raise BrowserFailed(error.message.splitlines()[0]) from error


def sign_in(context: "BrowserContext", url: str, tenant_id: object, login: str, password: str) -> "Page":
    """A new page on which that officer is signed in to the console."""
    page = context.new_page()
    page.goto(f"{url}/console/sign-in?tenant={tenant_id}")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("button.primary")
    page.wait_for_url(lambda there: "sign-in" not in there)
    return page

"""What tests of the page share: a server with the whole catalogue, and the system's Chromium."""

from __future__ import annotations

import shutil

import pytest
import requirements
from playwright.sync_api import expect
from serving import PATIENCE, PROJECT, full_root, serving

expect.set_options(timeout=PATIENCE * 1000)  # as long as for a server: how fast the page is, `make bench` says

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


WHOLE = tuple(
    f"test_{part}"
    for part in ("page", "server", "refresh", "store", "litellm_process", "differential", "formats_out", "claims", "fold",
                 "compile", "remote", "robust", "extras", "audit")
)  # fmt: skip
"""Modules that drive a browser, a server, other processes or whole feeds."""


def pytest_itemcollected(item):
    if item.path.name.startswith(WHOLE):
        item.add_marker("whole")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """The page comes last: Playwright leaves a loop in its process, beside which no other one runs."""
    items.sort(key=lambda item: item.path.name.startswith("test_page_"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """pytest-playwright's own fixture, told which browser to start."""
    requirements.needs("browser", CHROMIUM is not None, "no Chromium is installed (apt-get install chromium)")
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A server that only reads this project's own catalogue; `.url` is its page."""
    folder = tmp_path_factory.mktemp("site")
    with serving(PROJECT, log=folder / "log") as server:
        yield server


@pytest.fixture
def own_site(tmp_path):
    """A server with a catalogue that a test may write."""
    with serving(full_root(tmp_path / "root"), log=tmp_path / "log") as server:
        yield server


@pytest.fixture
def visit(page):
    """Open the page of a server at an address; what it logs or is refused in the meantime fails the test."""
    trouble: list[str] = []
    page.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("#")[0]))
    page.expected = []  # parts of what may be logged: a refusal that a test provokes is one

    def opened(server, address="#/"):
        page.goto(f"{server.url}/{address}")
        page.get_by_role("main").wait_for()
        return page

    opened.hosts = hosts
    yield opened
    assert [one for one in trouble if not any(part in one for part in page.expected)] == []
    assert all(url.startswith(("http://127.0.0.1", "blob:", "data:")) for url in hosts), hosts

"""A real server: `modelry serve` in a process of its own, and a client that speaks to it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import httpx2

T = TypeVar("T")

PROJECT = Path(__file__).parent.parent
START = 30.0
PATIENCE = 30.0
TOKEN = "a token for writers"  # noqa: S105


class Server:
    """One running server; `.url`, `.get`, `.post` …, and what it logged."""

    def __init__(self, data: str | Path, *arguments: str, log: Path, port: int = 0, env: dict[str, str] | None = None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._out = log.open("ab")
        command = [sys.executable, "-m", "modelry", "serve", "--port", str(self.port), "--data", str(data), *arguments]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("MODELRY_", "LITELLM_"))}
        self.process = subprocess.Popen(
            command, stdout=self._out, stderr=subprocess.STDOUT, env={**environment, **(env or {})}
        )
        self.client = httpx2.Client(base_url=self.url, timeout=60)

    def wait(self) -> Server:
        end = time.monotonic() + START
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log.read_text()}")
            with contextlib.suppress(httpx2.TransportError):
                self.client.get("/api/health").raise_for_status()
                return self
            time.sleep(0.02)
        raise AssertionError(f"the server does not answer:\n{self.log.read_text()}")

    def __getattr__(self, name: str):
        return getattr(self.client, name)

    def lines(self) -> list[dict]:
        """What it logged so far, a dict a line."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and how it ended."""
        self.process.terminate()
        code = self.process.wait(timeout=30)
        self.client.close()
        self._out.close()
        return code


@contextlib.contextmanager
def serving(
    data: str | Path, *arguments: str, log: Path, port: int = 0, env: dict[str, str] | None = None
) -> Iterator[Server]:
    server = Server(data, *arguments, log=log, port=port, env=env)
    try:
        yield server.wait()
    finally:
        server.stop()  # also what is dead: it lets go of the log and the connection


def until(found: Callable[[], T]) -> T:
    """Wait for what must come about by itself."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.01)
    raise AssertionError("it did not come about")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def full_root(folder: Path) -> Path:
    """A copy of this project's own catalogue and claims, to be written."""
    for part in ("data", "v1", "web"):
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns(".writer"))
    return folder

"""What attacks need: bytes on a socket as they are, and proof that a server came to no harm."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Self

import pytest
from roots import small
from serving import Server, serving

JSON = "Content-Type: application/json\r\n"
LAST = "Connection: close\r\n"
GUARDS = {
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}  # fmt: skip
"""What every answer carries, besides a Content-Security-Policy."""

PATIENCE = 30.0
"""Seconds until a test gives up; no attack may take the server that long."""

_numbers = count(1)


def tag() -> str:
    """An id by which a request is found again in the log."""
    return f"test-{os.getpid()}-{next(_numbers)}"


def connect(where: Server | tuple[str, int]) -> socket.socket:
    address = where if isinstance(where, tuple) else ("127.0.0.1", where.port)
    return socket.create_connection(address, timeout=PATIENCE)


def said(connection: socket.socket) -> bytes:
    """Everything that comes until the other side closes, or breaks off what it does not want to hear."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(2**16):
            parts.append(part)
    return b"".join(parts)


def raw(where: Server | tuple[str, int], data: bytes | str, *, ends: bool = False) -> bytes:
    """What is answered to these bytes; `ends`: nothing more will come."""
    with connect(where) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
            if ends:
                connection.shutdown(socket.SHUT_WR)
        return said(connection)


class Answer:
    """One answer, parsed: `.status`, `.headers` (a list: none may be lost), `.body`."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1]) if first else 0
        self.headers = [tuple(line.split(": ", 1)) for line in lines]

    def __getitem__(self, name: str) -> str | None:
        return next((value for header, value in self.headers if header == name), None)

    def json(self):
        return exactly(self.body)


def asked(
    where: Server | tuple[str, int], line: str, headers: str = "", body: str = "", host: str = "localhost"
) -> Answer:
    """The one answer to one request, made of text as it is."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return Answer(raw(where, f"{line} HTTP/1.1\r\nHost: {host}\r\n{headers}{length}{LAST}\r\n{body}"))


def exactly(data: bytes | str):
    """JSON as a strict reader reads it."""

    def refuse(name: str):
        raise ValueError(name)

    return json.loads(data, parse_constant=refuse)


def guarded(answer) -> None:
    """Assert the headers that every answer carries, each once."""
    headers = answer.headers if isinstance(answer.headers, list) else list(answer.headers.multi_items())
    for name, value in GUARDS.items():
        assert [given for header, given in headers if header == name] == [value], name
    policies = [given for header, given in headers if header == "content-security-policy"]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]


def held(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: a name, and the bytes of it."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def logged(server: Server, since: int = 0, least: int = 0) -> list[dict]:
    """What was logged behind a place of the log, every line of it: all that was answered so far, and `least` lines."""
    last = f"last-{uuid.uuid4().hex}"
    server.get("/api/health", headers={"X-Request-ID": last})
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        text = server.log.read_bytes()[since:]
        lines = [exactly(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]
        told = [line for line in lines if line.get("request_id") != last]
        if len(told) >= least and len(told) < len(lines):
            return told
        time.sleep(0.01)
    raise AssertionError(f"the log does not tell {least} lines and {last}")


def place(server: Server) -> int:
    """Where the log stands, with all told that was answered so far."""
    logged(server)
    return server.log.stat().st_size


def requests(lines: list[dict], path: str | None = None) -> list[dict]:
    """The requests among lines of the log."""
    return [line for line in lines if line["event"] == "request" and path in (None, line["path"])]


@contextlib.contextmanager
def unharmed(server: Server, folder: Path) -> Iterator[list[dict]]:
    """Assert that what is done in the block changes no file, is no bug of ours, and leaves the server as it was.

    The list that it gives holds the lines of the log afterwards.
    """
    before, since, told = held(folder), place(server), []
    yield told
    told += logged(server, since)
    assert not [line for line in told if "trace" in line or line.get("status", 0) >= 500]
    assert held(folder) == before
    assert server.get("/api/health").json()["status"] == "ok"


@contextlib.contextmanager
def attacked(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[Server]:
    """A server of a small ROOT, whose surroundings are `folder` with everything it may know of."""
    for name in ("cache", "temp", "home"):
        (folder / name).mkdir(parents=True)
    (folder / "secret.json").write_text('{"secret": "of another"}')
    root = small(folder / "root")
    (root / "secret.json").write_text('{"secret": "of this one"}')
    own = {"HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder / "temp")}
    with serving(root, *arguments, log=folder.parent / f"{folder.name}.log", env=own | (env or {})) as server:
        server.get("/v1/models")
        server.post("/api/cost", json={"model": "openai/gpt-4o", "usage": {"input": 1}})
        yield server


def within(holds: Callable[[], bool]) -> bool:
    """Whether it holds, now or soon."""
    end = time.monotonic() + PATIENCE
    while not (does := holds()) and time.monotonic() < end:
        time.sleep(0.01)
    return does


def memory(server: Server) -> int:
    """MiB that the server's process holds."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024


def missing(what: str, name: str):
    """Skip what this system cannot do; fail where MODELRY_REQUIRE asks for it."""
    if name in os.environ.get("MODELRY_REQUIRE", "").split(","):
        pytest.fail(f"MODELRY_REQUIRE={name}: {what}")
    pytest.skip(what)


class Elsewhere:
    """A network namespace: another machine, as far as a server can tell. `.here` is this machine's address there."""

    def __init__(self, number: int) -> None:
        self.name, self._link = f"modelry-{number}", f"md{number}"
        self.here, self.there = f"10.213.{number % 250}.1", f"10.213.{number % 250}.2"
        self._thread = ThreadPoolExecutor(1, initializer=self._go)

    def __enter__(self) -> Self:
        _ip("netns", "add", self.name)
        try:
            self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _connect(self) -> None:
        _ip("link", "add", f"{self._link}a", "type", "veth", "peer", "name", f"{self._link}b", "netns", self.name)
        _ip("addr", "add", f"{self.here}/30", "dev", f"{self._link}a")
        _ip("link", "set", f"{self._link}a", "up")
        _ip("-n", self.name, "addr", "add", f"{self.there}/30", "dev", f"{self._link}b")
        _ip("-n", self.name, "link", "set", f"{self._link}b", "up")

    def __exit__(self, *_) -> None:
        self._thread.shutdown()
        _ip("netns", "del", self.name)

    def _go(self) -> None:
        """Let this thread, and no other, be there."""
        with Path(f"/run/netns/{self.name}").open() as place:
            if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), 0):
                raise OSError(ctypes.get_errno(), "setns")

    def asked(self, port: int, line: str, headers: str = "", body: str = "", host: str | None = None) -> Answer:
        """As `asked`, from there."""
        name = host or f"{self.here}:{port}"
        return self._thread.submit(asked, (self.here, port), line, headers, body, name).result()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)  # noqa: S607

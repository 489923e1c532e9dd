"""The lines of the server: answers a second on one core beside a bare route and nginx, its start, and its memory.

`wrk` asks from the other core. Each rival serves the same bytes: bare Starlette on the same uvicorn with its log off, which
no server of a catalogue can be, and nginx the file itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 3
CONNECTIONS = 16

BARE = """
import sys, zlib
from pathlib import Path
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

data = Path(sys.argv[1]).read_bytes()
packed = zlib.compress(data, 6, wbits=31)
row = next(line for line in data.splitlines() if line.startswith(b'{"provider":"openai","model":"gpt-4o",')).rstrip(b",")

async def models(request):
    if request.headers.get("if-none-match"):
        return Response(status_code=304, headers={"etag": '"x"'})
    return Response(packed, media_type="application/json", headers={"content-encoding": "gzip", "etag": '"x"'})

async def one(request):
    return Response(row, media_type="application/json", headers={"etag": '"x"'})

async def cost(request):
    await request.json()
    return Response(row, media_type="application/json")

routes = [Route("/api/models", models), Route("/api/models/id/openai/gpt-4o", one), Route("/api/cost", cost, methods=["POST"])]
uvicorn.run(Starlette(routes=routes), port=int(sys.argv[2]), access_log=False, log_level="error", loop="uvloop", http="httptools")
"""
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 256; }}
http {{
  access_log off; types {{ application/json json; }} gzip_static on; keepalive_requests 1000000; sendfile on;
  server {{ listen 127.0.0.1:{port}; root {folder}/site; }}
}}
"""
POST = """
wrk.method = "POST"
wrk.body = '{"model": "openai/gpt-4o", "usage": {"input": 1000, "output": 500}}'
wrk.headers["Content-Type"] = "application/json"
"""


class Served(NamedTuple):
    """One line: answers a second (or what `unit` says), a rival's, and the bar of the ratio or of the number."""

    what: str
    ours: float | None
    unit: str
    against: str = ""
    theirs: float | None = None
    at_least: float | None = None
    at_most: float | None = None


def measured(folder: Path, rounds: int) -> Iterator[Served]:
    """All lines."""
    started = [start_up() for _ in range(min(rounds, 7))]
    yield Served("server: start to first answer", statistics.median(ms for ms, _ in started), "ms", at_most=400)
    yield Served("  its memory then", statistics.median(mib for _, mib in started), "MiB", at_most=250)
    if shutil.which("wrk") is None:
        yield Served("server: answers", None, "1/s", "skipped: wrk is not installed")
        return
    script = folder / "post.lua"
    script.write_text(POST)
    with ours() as port, bare(folder) as bare_port, nginx(folder) as nginx_port:
        tag = etag(port)
        row = "/api/models/id/openai/gpt-4o"
        asked = {
            "GET /api/models, 304": ("/api/models", ["-H", f"If-None-Match: {tag}"], "/models.json", 0.6),
            "GET /api/models, gzip": ("/api/models", ["-H", "Accept-Encoding: gzip"], "/models.json", 0.6),
            "GET a row": (row, [], "/row.json", 0.6),
            "POST /api/cost": ("/api/cost", ["-s", str(script)], None, None),
        }
        for what, (path, options, file, bar) in asked.items():
            mine, theirs = in_turns((port, path), (bare_port, path), options)
            yield Served(what, mine, "1/s", "bare Starlette", theirs, bar)
            if nginx_port and file:
                given = nginx_validators(nginx_port, file) if "304" in what else options
                yield Served("", mine, "1/s", "nginx", rate(nginx_port, file, given))


def in_turns(mine: tuple[int, str], theirs: tuple[int, str], options: list[str]) -> tuple[float, float]:
    """The medians of two that are asked in turns."""
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(3):
        for found, (port, path) in zip(rates, (mine, theirs), strict=True):
            found.append(rate(port, path, options))
    return statistics.median(rates[0]), statistics.median(rates[1])


def rate(port: int, path: str, options: list[str]) -> float:
    """Answers a second; every one of them must have been a good one."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *options, f"http://127.0.0.1:{port}{path}"]
    said = subprocess.run([*pinned(1), *command], check=True, text=True, stdout=subprocess.PIPE).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def pinned(core: int) -> list[str]:
    """What runs a command on one core, where the system can say so."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []


def start_up() -> tuple[float, float]:
    """Milliseconds from the command to the first byte of the whole catalogue, and MiB when all is prepared."""
    begun = time.perf_counter()
    with ours(ready=False) as port:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as wire:
                wire.sendall(b"GET /api/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if wire.recv(100).startswith(b"HTTP/1.1 200"):
                    took = time.perf_counter() - begun
                    break
            time.sleep(0.002)
        time.sleep(1)
        return 1_000 * took, resident(port)


def resident(port: int) -> float:
    """Peak memory of the server, in MiB, as its own metrics' process says; 0 where the system does not tell."""
    pid = _pids[port]
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024


def etag(port: int) -> str:
    """The version of the catalogue, and a first answer of everything that is prepared."""
    for path in ("/api/models/id/openai/gpt-4o", "/api/models"):
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "gzip"})) as answer:
            answer.read()
            found = answer.headers["etag"]
    return str(found)


_pids: dict[int, int] = {}


@contextlib.contextmanager
def process(command: list[str], port: int, *, ready: bool = True) -> Iterator[int]:
    """A process on the first core that listens on a port; waited for until it does."""
    with subprocess.Popen(
        [*pinned(0), *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as running:
        _pids[port] = running.pid
        try:
            while ready:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                if running.poll() is not None:
                    raise RuntimeError(f"{command} ended")
                time.sleep(0.01)
            yield port
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGTERM)


def ours(*, ready: bool = True) -> contextlib.AbstractContextManager[int]:
    """`modelry serve` on the checkout's catalogue."""
    port = free_port()
    command = [sys.executable, "-m", "modelry", "serve", "--port", str(port), "--data", str(ROOT)]
    return process(command, port, ready=ready)


def bare(folder: Path) -> contextlib.AbstractContextManager[int]:
    """A route that returns the same bytes and nothing else."""
    script, port = folder / "bare.py", free_port()
    script.write_text(BARE)
    return process([sys.executable, str(script), str(ROOT / "data/models.json"), str(port)], port)


def nginx(folder: Path) -> contextlib.AbstractContextManager[int | None]:
    """nginx on the same bytes in files, where it is installed."""
    program = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
    if program is None:
        return contextlib.nullcontext()
    port = free_port()
    site = folder / "site"
    site.mkdir(exist_ok=True)
    data = (ROOT / "data/models.json").read_bytes()
    import zlib

    (site / "models.json").write_bytes(data)
    (site / "models.json.gz").write_bytes(zlib.compress(data, 6, wbits=31))
    row = next(line for line in data.splitlines() if line.startswith(b'{"provider":"openai","model":"gpt-4o",'))
    (site / "row.json").write_bytes(row.rstrip(b","))
    folder.chmod(0o755)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    return process([program, "-c", str(folder / "nginx.conf"), "-p", str(folder)], port)


def nginx_validators(port: int, path: str) -> list[str]:
    """The header for which nginx answers 304."""
    with urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return ["-H", f"If-None-Match: {answer.headers['etag']}"]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

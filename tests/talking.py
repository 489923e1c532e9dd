"""What the tests say to a server, with exact numbers either way, and what they look at in its ROOT."""

from __future__ import annotations

import contextlib

import pytest
import roots
import serving

from modelry import Registry
from modelry.jsontext import dumps, loads

FILES = ("data/models.json", "web/public/models.json")


@contextlib.contextmanager
def serving_all(folder):
    """A server of the whole catalogue, its `.root`, and `.registry`: the same catalogue in this process."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_CACHE_HOME", str(folder / "cache"))  # what they compile, they compile to here
        with serving.serving(serving.full_root(folder), log=folder / "log") as server:
            server.root = folder
            server.registry = Registry.open(folder)
            yield server


@contextlib.contextmanager
def serving_few(folder):
    """A server of a few rows, and its `.root`."""
    with serving.serving(roots.small(folder / "root"), log=folder / "log") as server:
        server.root = folder / "root"
        yield server


def post(server, path, body):
    """The answer to a body whose numbers may be Decimals."""
    return server.post(path, content=dumps(body), headers={"Content-Type": "application/json"})


def gave(server, path, **query):
    """What a read gives."""
    return loads(server.get(path, params=query or None).raise_for_status().content)


def send(server, method, path, body=None, **headers):
    """The status and the body of an answer."""
    content = None if body is None else dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = server.request(method, path, content=content, headers={"Content-Type": "application/json"} | named)
    return answer.status_code, loads(answer.content)


def upsert(server, **request):
    """The answer to an upsert that is accepted."""
    status, body = send(server, "POST", "/api/models/upsert", request)
    assert status == 200, body
    return body


def refused(server, **request):
    """The fields that an upsert is refused for, and why."""
    status, body = send(server, "POST", "/api/models/upsert", request)
    assert status == 422, body
    return {problem["loc"][1]: problem["msg"] for problem in body["detail"]}


def files(root):
    """Everything that a ROOT holds and when it was written, but for the mark of who is writing."""
    found = sorted(path for path in root.rglob("*") if path.is_file() and path.name != ".writer")
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def rows(root):
    """The rows of the canonical file."""
    return loads((root / FILES[0]).read_bytes())["models"]


def row(root, provider, model):
    """The one of this provider and model there, or None."""
    return next((row for row in rows(root) if (row["provider"], row["model"]) == (provider, model)), None)


def is_mirrored(root):
    """Whether both files are the same bytes."""
    canonical, mirror = ((root / name).read_bytes() for name in FILES)
    return canonical == mirror

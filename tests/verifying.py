"""What the tests of `modelry verify` share: a provider's server, and a ROOT whose providers list their models there."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import yaml
from click.testing import CliRunner
from refreshing import rows as rows_in

from modelry import cli
from modelry.catalog.build import build

KEY = "sk-never-to-be-seen-0123456789abcdef"
OPENAI = ["gpt-9", "gpt-9-mini", "gpt-9-2026-01-01", "ft:gpt-9:acme::abc", "text-embedding-9"]
ROWS = {
    "openai": ["gpt-9", "gpt-9-mini", "text-embedding-9", "gpt-old", "gpt-quiet"],
    "anthropic": ["claude-x-1", "claude-x-2"],
    "google": ["gemini-x", "gemini-x-lite"],
    "cohere": ["command-x", "rerank-x"],
    "mistral": ["mistral-x", "ocr-x"],
    "together": ["acme/Big-1"],
    "openrouter": ["acme/big-1"],
    "fireworks": ["accounts/fireworks/models/big-1"],
}
ENV = {"google": ["GEMINI_API_KEY", "GOOGLE_API_KEY"]}
RULES = {
    "openai": ["snapshot", {"name": "tuned", "match": "ft:(?P<model>[^:]+):(?P<org>.*)", "to": "{model}"}],
    "anthropic": ["snapshot"],
}
STATUS = {"gpt-old": "retired", "gpt-quiet": "deprecated"}


class Site:
    """A provider's server. `answers` are given in turn, the last one for ever; each is (status, body, headers)."""

    def __init__(self):
        self.answers = []
        self.seen = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.seen.append((urlsplit(self.path), {name.lower(): text for name, text in self.headers.items()}))
                answer = site.answers[min(len(site.seen), len(site.answers)) - 1]
                status, body, headers = answer(self) if callable(answer) else answer
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):  # the client went away, as it should
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/models"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def asked(self, parameter):
        """The values of a parameter of all requests, in order."""
        return [parse_qs(url.query).get(parameter, [None])[0] for url, _ in self.seen]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def said(body, status=200, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, data, {name.replace("_", "-"): text for name, text in headers.items()}


def listed(*names, **more):
    return said({"object": "list", "data": [{"id": name, "object": "model"} for name in names]} | more)


def key_of(provider):
    """The last variable that may hold a provider's key."""
    return ENV.get(provider, [f"{provider.upper()}_API_KEY"])[-1]


def forget_keys(monkeypatch):
    """An environment that holds OpenAI's key alone, and nothing of the caller's that modelry reads."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("MODELRY_CATALOG", raising=False)
    for provider in ROWS:
        for name in ENV.get(provider, [key_of(provider)]):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def root_at(folder, url):
    """A ROOT whose providers list their models at this URL, each in its own shape."""
    for name in ("providers", "models"):
        (folder / "v1" / name).mkdir(parents=True)
    for provider in ROWS:
        form = {"id": provider, "name": provider.title(), "env": ENV.get(provider, [key_of(provider)])}
        form |= {"listing": {"url": url, "shape": provider}, "rules": RULES.get(provider, [])}
        (folder / f"v1/providers/{provider}.yaml").write_text(yaml.safe_dump(form))
    (folder / "v1/providers/silent.yaml").write_text("{id: silent, name: Silent}")
    models = {
        f"{provider}/{name}": {
            "mode": "chat",
            "status": STATUS.get(name, "active"),
            "pricing": {"input_per_token": 0.1},
        }
        for provider, names in ROWS.items()
        for name in names
    }
    (folder / "v1/models/all.yaml").write_text(yaml.safe_dump({"updated": "2026-01-01", "models": models}))
    build(folder)
    return folder


def relist(root, provider="openai", **changed):
    path = root / f"v1/providers/{provider}.yaml"
    said = yaml.safe_load(path.read_text())
    said["listing"] |= changed
    path.write_text(yaml.safe_dump(said))


def verify(root, *arguments, code=0):
    result = CliRunner().invoke(cli.cli, ["verify", *arguments, "--data", str(root)])
    assert result.exit_code == code, result.output
    return result


def told(root, *arguments, code=0):
    return json.loads(verify(root, *arguments, "--json", code=code).stdout)


def verification(root, name):
    return rows_in(root)[name].get("verification")

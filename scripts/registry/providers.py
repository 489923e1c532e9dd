"""Writes the provider manifests, v1/providers/<id>.yaml, from the feeds and the hand-decided table beside this file.

    python scripts/registry/providers.py --feeds DIR [--out v1/providers] [--check]

The table (providers.yaml) decides which names are one provider and says what no feed says; the feeds lend names, base URLs,
key variables and pages. A name of a feed that the table does not decide stops the run, and so do two providers
that could be meant by one spelling. --check writes nothing and fails when a manifest is out of step.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml

HERE = Path(__file__).resolve().parent
KEYS = (
    "id", "name", "base_url", "api", "env", "docs", "pricing_page", "listing", "maker",
    "resells", "serves_free", "aliases", "names", "default_rates", "rules",
)  # fmt: skip
VOCABULARIES = ("litellm", "models.dev", "openrouter", "genai_prices", "otel")
# models.dev names a client package; these say which dialect their usage is in
DIALECTS = {
    "@ai-sdk/openai-compatible": "openai.chat",
    "@ai-sdk/openai": "openai.responses",
    "@ai-sdk/anthropic": "anthropic.messages",
}
TITLES = {"models.dev": "models.dev", "genai-prices": "genai-prices", "litellm": "LiteLLM", "openrouter": "OpenRouter"}
QUOTED = ("match", "to")  # regular expressions and templates
FLOW_WIDTH = 100

Table = dict[str, dict[str, Any]]


class Feeds:
    """The providers of the four feeds, by the feeds' own names."""

    def __init__(self, folder: Path) -> None:
        self.files = {source: one_file(folder, source) for source in TITLES}
        body = {source: json.loads(path.read_text(encoding="utf-8")) for source, path in self.files.items()}
        self.models_dev: dict[str, Any] = body["models.dev"]
        self.genai_prices: dict[str, Any] = {provider["id"]: provider for provider in body["genai-prices"]}
        self.names: dict[str, set[str]] = {
            "litellm": {
                entry["litellm_provider"]
                for key, entry in body["litellm"].items()
                if key not in ("sample_spec", "fallback_generalizations")
            },
            "models.dev": set(self.models_dev),
            "genai_prices": set(self.genai_prices),
            "openrouter": {model["id"].split("/", 1)[0].removeprefix("~") for model in body["openrouter"]["data"]},
        }

    def label(self, vocabulary: str) -> str:
        """The feed's title and the version or date in its file's name."""
        source = vocabulary.replace("_", "-")
        return f"{TITLES[source]} {self.files[source].stem.removeprefix(source + '-')}"


def one_file(folder: Path, source: str) -> Path:
    files = sorted(folder.glob(f"{source}-*.json"))
    if len(files) != 1:
        raise SystemExit(f"{folder}: one {source}-*.json expected, {len(files)} found")
    return files[0]


def tidy_url(url: str | None) -> str | None:
    """Without tracking and trailing slashes; ${NAME} becomes {NAME}; None where it is no http(s) URL."""
    if not url or not url.startswith(("http://", "https://")):
        return None
    parts = urlsplit(url.replace("${", "{"))
    return urlunsplit(
        parts._replace(path=re.sub("/+$", "", parts.path), query="" if "utm_" in parts.query else parts.query)
    )


def lent(decided: dict[str, Any], feeds: Feeds) -> dict[str, Any]:
    """What the feeds say of a provider: models.dev's and genai-prices' first name speak for it."""
    names = decided.get("names", {})
    said: dict[str, Any] = {}
    for name in names.get("models.dev", [])[:1]:
        entry = feeds.models_dev[name]
        said |= {
            "name": entry["name"],
            "base_url": tidy_url(entry.get("api")),
            "api": DIALECTS.get(entry["npm"]),
            "env": entry["env"],
            "docs": entry["doc"] if "utm_" not in entry["doc"] else tidy_url(entry["doc"]),
        }
    for name in names.get("genai_prices", [])[:1]:
        entry = feeds.genai_prices[name]
        said["pricing_page"] = entry["pricing_urls"][0] if entry.get("pricing_urls") else None
        said.setdefault("name", entry["name"])
    return said


def manifest(provider: str, decided: dict[str, Any], feeds: Feeds) -> dict[str, Any]:
    unknown = set(decided) - set(KEYS) - {"comment"}
    if unknown:
        raise SystemExit(f"{provider}: unknown keys {sorted(unknown)}")
    joined = {"id": provider, "name": provider} | lent(decided, feeds) | decided
    joined["names"] = {v: joined["names"][v] for v in VOCABULARIES if v in joined.get("names", {})}
    return {key: joined[key] for key in KEYS if joined.get(key) not in (None, [], {})}


def sources(decided: dict[str, Any], feeds: Feeds) -> str:
    names = decided.get("names", {})
    said = [
        feeds.label(vocabulary)
        for vocabulary in ("models.dev", "genai_prices", "litellm", "openrouter")
        if names.get(vocabulary)
    ]
    said += ["OpenTelemetry semantic conventions"] if names.get("otel") else []
    return (
        "Sources: "
        + ", ".join([*said, "the provider's documentation"])
        + "; decided in scripts/registry/providers.yaml"
    )


# ---- YAML as a person would write it


def scalar(value: Any, key: str = "") -> str:
    """One value on one line, in quotes where YAML or the eye needs them."""
    if key in QUOTED:
        return "'" + str(value).replace("'", "''") + "'"
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def flow(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    text = scalar(value)
    # inside a flow collection a colon or comma of an unquoted text would be read as structure
    return f"'{text}'" if isinstance(value, str) and re.search(r"[:,#{}\[\]]", text) and text[0] not in "'\"" else text


def block(key: str, value: Any, indent: int = 0) -> list[str]:
    pad = "  " * indent
    if isinstance(value, dict):
        if key != "names" and indent and len(line := f"{pad}{key}: {flow(value)}") <= FLOW_WIDTH + 60:
            return [line]
        return [f"{pad}{key}:", *(text for k, v in value.items() for text in block(k, v, indent + 1))]
    if isinstance(value, list):
        if (
            all(not isinstance(item, dict) for item in value)
            and len(line := f"{pad}{key}: {flow(value)}") <= FLOW_WIDTH
        ):
            return [line]
        lines = [f"{pad}{key}:"]
        for item in value:
            if isinstance(item, dict):
                first, *rest = (text for k, v in item.items() for text in block(k, v, 0))
                lines += [f"{pad}  - {first}", *(f"{pad}    {text}" for text in rest)]
            else:
                lines.append(f"{pad}  - {scalar(item)}")
        return lines
    return [f"{pad}{key}: {scalar(value, key)}"]


def wrapped(comment: str) -> list[str]:
    lines, line = [], "#"
    for word in comment.split():
        if len(line) + len(word) >= 118:
            lines.append(line)
            line = "#"
        line += " " + word
    return [*lines, line]


def render(provider: str, decided: dict[str, Any], feeds: Feeds) -> str:
    written = manifest(provider, decided, feeds)
    lines = ["# " + sources(decided, feeds)]
    lines += wrapped(decided["comment"]) if decided.get("comment") else []
    lines += [text for key, value in written.items() for text in block(key, value)]
    text = "\n".join(lines) + "\n"
    if yaml.safe_load(text) != written:
        raise SystemExit(f"{provider}: what was written does not read back as what was meant")
    return text


# ---- what must hold before anything is written


def problems(table: Table, feeds: Feeds) -> list[str]:
    found: list[str] = []
    meant: dict[str, str] = {}
    for provider, decided in table.items():
        if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", provider):
            found.append(f"{provider}: an id is kebab-case")
        spellings = {
            provider,
            *decided.get("aliases", []),
            *(n for names in decided.get("names", {}).values() for n in names),
        }
        found.extend(
            f"{spelling!r} means {meant[spelling]} and {provider}"
            for spelling in {s.lower() for s in spellings}
            if meant.setdefault(spelling, provider) != provider
        )
        unknown = set(decided.get("names", {})) - set(VOCABULARIES)
        found.extend(f"{provider}: unknown vocabulary {vocabulary}" for vocabulary in unknown)
        for vocabulary in (
            "models.dev",
            "genai_prices",
        ):  # the others' names need not be in the feed: users write them all the same
            gone = set(decided.get("names", {}).get(vocabulary, [])) - feeds.names[vocabulary]
            found += [f"{provider}: {vocabulary} has no provider {name!r}" for name in sorted(gone)]
    for vocabulary, names in feeds.names.items():
        decided_names = {n for decided in table.values() for n in decided.get("names", {}).get(vocabulary, [])}
        found += [f"{vocabulary}: nobody has decided what {name!r} is" for name in sorted(names - decided_names)]
    makers: dict[str, str] = {}
    for provider, decided in table.items():
        if (maker := decided.get("maker")) and makers.setdefault(maker, provider) != provider:
            found.append(f"maker {maker} has two providers: {makers[maker]} and {provider}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=Path, required=True, help="the folder of the feeds' JSON files")
    parser.add_argument("--table", type=Path, default=HERE / "providers.yaml")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "v1" / "providers")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a manifest is out of step")
    options = parser.parse_args()

    feeds = Feeds(options.feeds)
    table: Table = yaml.safe_load(options.table.read_text(encoding="utf-8"))["providers"]
    if found := problems(table, feeds):
        print(*found, sep="\n", file=sys.stderr)
        return 1

    texts = {f"{provider}.yaml": render(provider, decided, feeds) for provider, decided in table.items()}
    present = {path.name: path.read_text(encoding="utf-8") for path in options.out.glob("*.yaml")}
    changed = sorted(name for name in texts | present if texts.get(name) != present.get(name))
    if not options.check:
        options.out.mkdir(parents=True, exist_ok=True)
        for name in changed:
            if name in texts:
                (options.out / name).write_text(texts[name], encoding="utf-8", newline="\n")
            else:
                (options.out / name).unlink()
    print(
        f"{len(texts)} manifests, {len(changed)} {'out of step' if options.check else 'changed'}",
        *changed[:20],
        sep="\n  ",
    )
    return int(options.check and bool(changed))


if __name__ == "__main__":
    raise SystemExit(main())

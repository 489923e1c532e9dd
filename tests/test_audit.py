"""The audit: where sources say otherwise than the catalogue, by how much, who agrees with whom, and why that may be."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
from decimal import Decimal

import pytest
from click.testing import CliRunner
from refreshing import PROJECT, content, environment, read_from, rows, run

from modelry import cli
from modelry.catalog import build, claims, files
from modelry.catalog.claims import Feed, claim_of, dump
from modelry.catalog.store import Store
from modelry.jsontext import loads
from modelry.pricing import Pricing
from modelry.records import Model
from modelry.refresh.audit import audit

DAY = "2026-06-01"
OFFERED = {"provider": "openai", "mode": "chat", "family": "gen", "components": ("GEN",)}


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.delenv("MODELRY_CATALOG", raising=False)


def card(price, output=None, **more):
    """A card of USD per million tokens."""
    said = {
        "input_per_token": per_token(price),
        "output_per_token": per_token(output or 4 * Decimal(price)),
        "observed": DAY,
    }
    return {**said, **more}


def per_token(price):
    return Decimal(price).scaleb(-6)


def saying(folder, **sources):
    """A ROOT in which each source says these fields of each model: `registry={"m": {…}}`; a list is cards."""
    for name in ("providers", "models"):
        (folder / "v1" / name).mkdir(parents=True, exist_ok=True)
    for provider in ("openai", "acme", "quiet"):
        (folder / f"v1/providers/{provider}.yaml").write_text(f"id: {provider}\nname: {provider}\n")
    (folder / files.FEEDS).mkdir(parents=True, exist_ok=True)
    for source, models in sources.items():
        said = [_model(name, fields) for name, fields in models.items()]
        if source == "registry":
            _write_yaml(folder / "v1/models/some.yaml", said)
        else:
            claimed = sorted(
                (claim_of(source, model, DAY) for model in said), key=lambda claim: (claim.provider, claim.model)
            )
            (folder / files.FEEDS / f"{source}.json").write_bytes(dump(Feed(source, DAY, claimed)))
    build.build(folder)
    return folder


def _model(name, fields):
    fields = {"pricing": fields} if isinstance(fields, list) else dict(fields)
    provider, _, model = name.rpartition("/")
    cards = tuple(Pricing.from_dict(one) for one in fields.pop("pricing", ()))
    return Model(**OFFERED | {"model": model} | ({"provider": provider} if provider else {}) | fields, pricing=cards)


def _write_yaml(path, said):
    lines = [f"updated: {DAY}", "models:"]
    for model in said:
        limits = "".join(
            f", {word}: {value}"
            for word, value in (("context_window", model.context), ("max_output_tokens", model.max_output_tokens))
            if value
        )
        cards = ", ".join(
            "{" + ", ".join(f"{key}: {_yaml(value)}" for key, value in one.to_dict().items()) + "}"
            for one in model.pricing
        )
        lines.append(f"  {model.provider}/{model.model}: {{mode: chat{limits}, pricing: [{cards}]}}")
    path.write_text("\n".join(lines) + "\n")


def _yaml(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def found(root, **wanted):
    return [one for one in audit(root) if all(getattr(one, name) == value for name, value in wanted.items())]


# Causes

A = card("1")
TIERS = {"overrides": [{"when": {"prompt_tokens_above": 200_000}, "input_per_token": per_token(2)}]}
OTHER_TIERS = {"overrides": [{"when": {"prompt_tokens_from": 128_000}, "input_per_token": per_token(2)}]}
OLD = card("8", observed="2026-01-01")


def tiered(price, **when):
    """An override of the input price."""
    return {"overrides": [{"when": when, "input_per_token": per_token(price)}]}


def per(**prices):
    """A card of other units than the token."""
    return {"observed": DAY, **prices}


CAUSES = {
    "another price": ({"registry": [A], "litellm": [card("1.5", 4)]}, ("input_per_token", 1, Decimal("1.5"), "another price", "warning")),
    "a slip of a thousand there": ({"registry": [A], "litellm": [card("1000", 4)]}, ("input_per_token", 1, 1000, "unit slip there: ×1,000", "warning")),
    "a slip of a thousandth there": ({"registry": [A], "litellm": [card("0.001", 4)]}, ("input_per_token", 1, Decimal("0.001"), "unit slip there: ×1,000", "warning")),
    "a slip of a million there": ({"registry": [A], "litellm": [card("0.000001", 4)]}, ("input_per_token", 1, Decimal("0.000001"), "unit slip there: ×1,000,000", "warning")),
    "a slip here": ({"registry": [card("1000", 4)], "litellm": [A], "models_dev": [A]}, ("input_per_token", 1000, 1, "unit slip here: ×1,000", "error")),
    "nearly a thousand": ({"registry": [A], "litellm": [card("1010", 4)]}, ("input_per_token", 1, 1010, "unit slip there: ×1,000", "warning")),
    "no longer a thousand": ({"registry": [A], "litellm": [card("1100", 4)]}, ("input_per_token", 1, 1100, "another price", "warning")),
    "swapped there": ({"registry": [card("1", 7)], "litellm": [card("7", 1)]}, ("output_per_token", 7, 1, "input and output swapped there", "warning")),
    "swapped here": ({"registry": [card("7", 1)], "litellm": [card("1", 7)], "models_dev": [card("1", 7)]}, ("input_per_token", 7, 1, "input and output swapped here", "error")),
    "stale there": ({"registry": [OLD, A], "litellm": [card("8")]}, ("input_per_token", 1, 8, f"stale there since {DAY}", "warning")),
    "stale here": ({"registry": [card("1", observed="2026-02-01")], "litellm": [card("1", observed="2026-01-01"), card("8")]}, ("input_per_token", 1, 8, f"stale here since {DAY}", "warning")),
    "it was ours there before we looked": ({"registry": [A], "litellm": [card("1", observed="2026-01-01"), card("8", 4, observed="2026-03-01")]}, ("input_per_token", 1, 8, "another price", "warning")),
    "our price of another tier": ({"registry": [card("1", **tiered("0.4", service_tier="batch"))], "litellm": [card("0.4", 4)]}, ("input_per_token", 1, Decimal("0.4"), "our price by service tier", "warning")),
    "our price at other hours": ({"registry": [card("1", **tiered("0.4", weekdays=["sat", "sun"], utc_hours=["00:00-06:00"]))], "litellm": [card("0.4", 4)]}, ("input_per_token", 1, Decimal("0.4"), "our price by utc hours, weekdays", "warning")),
    "our price of another kind of token": ({"registry": [card("1", output_image_per_token=per_token(60))], "litellm": [card("1", 60)]}, ("output_per_token", 4, 60, "our price of output image", "warning")),
    "our price of the other side": ({"registry": [A], "litellm": [card("4", 4)]}, ("input_per_token", 1, 4, "another price", "warning")),
    "a region's price there": ({"registry": [A], "litellm": [card("1.1", 4)]}, ("input_per_token", 1, Decimal("1.1"), "a region's price there", "warning")),
    "a region's price here": ({"registry": [card("1.1", 4)], "litellm": [A]}, ("input_per_token", Decimal("1.1"), 1, "a region's price here", "warning")),
    "another price of a tier": ({"registry": [card("1", **tiered("2", prompt_tokens_above=200_000))], "litellm": [card("1", **tiered("3", prompt_tokens_above=200_000))]}, ("input_per_token when prompt_tokens_above=200000", 2, 3, "another price", "warning")),
    "another price of a cache write": ({"registry": [card("1", cache_write_per_token=per_token(2))], "litellm": [card("1", cache_write_per_token=per_token(3))]}, ("cache_write_per_token", 2, 3, "another price", "warning")),
    "another price of a query": ({"registry": [per(per_query=Decimal("0.002"))], "litellm": [per(per_query=Decimal("0.001"))]}, ("per_query", Decimal("0.002"), Decimal("0.001"), "another price", "warning")),
    "a query's slip": ({"registry": [per(per_query=Decimal("0.002"))], "litellm": [per(per_query=2)]}, ("per_query", Decimal("0.002"), 2, "unit slip there: ×1,000", "warning")),
    "no price here": ({"registry": [per(input_per_token=per_token(1))], "litellm": [A]}, ("output_per_token", None, 4, "price missing here", "info")),
    "a slip of a million here": ({"registry": [card("1000000", 4)], "litellm": [A], "models_dev": [A]}, ("input_per_token", 1_000_000, 1, "unit slip here: ×1,000,000", "error")),
    "as many say so as say otherwise": ({"registry": [card("1000", 4)], "litellm": [A]}, ("input_per_token", 1000, 1, "unit slip there: ×1,000", "warning")),
    "0 there": ({"registry": [A], "litellm": [card("0", 4)]}, ("input_per_token", 1, 0, "0 there", "warning")),
    "0 here": ({"registry": [card("0", 4)], "litellm": [A]}, ("input_per_token", 0, 1, "0 here", "error")),
    "no cache price": ({"registry": [A], "litellm": [card("1", cached_input_per_token=per_token("0.1"))]}, ("cached_input_per_token", None, Decimal("0.1"), "cache price missing here", "info")),
    "another cache price": ({"registry": [card("1", cached_input_per_token=per_token("0.5"))], "litellm": [card("1", cached_input_per_token=per_token("0.1"))]}, ("cached_input_per_token", Decimal("0.5"), Decimal("0.1"), "another price", "warning")),
    "another threshold": ({"registry": [card("1", **TIERS)], "litellm": [card("1", **OTHER_TIERS)]}, ("overrides", None, None, "tier threshold differs: 128,000, ours 200,001", "info")),
    "no threshold": ({"registry": [A], "litellm": [card("1", **TIERS)]}, ("overrides", None, None, "tier threshold differs: 200,001, ours none", "info")),
    "another currency": ({"registry": [card("7", currency="CNY")], "litellm": [A]}, ("currency", None, None, "currency USD, ours CNY", "info")),
    "another limit": ({"registry": {"pricing": [A], "context": 100_000}, "litellm": {"pricing": [A], "context": 200_000}}, ("context", 100_000, 200_000, "another limit", "info")),
    "thousands of two kinds": ({"registry": {"pricing": [A], "max_output_tokens": 64_000}, "litellm": {"max_output_tokens": 65_536}}, ("max_output_tokens", 64_000, 65_536, "thousands of 1,000 and of 1,024", "info")),
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_told(tmp_path, cause):
    said, due = CAUSES[cause]
    root = saying(tmp_path, **{source: {"m": fields} for source, fields in said.items()})
    findings = found(root)
    assert due in [(one.field, one.ours, one.theirs, one.cause, one.level) for one in findings], findings
    assert {one.id for one in findings} == {"openai/m"}
    assert len(findings) == (2 if "swapped" in cause or cause.startswith("stale") else 1)


AGREEING = {
    "the same": ([A], [A]),
    "rounded": ([card("0.3333", 1)], [card("0.333333333", 1)]),
    "a source that says 0 for what it does not charge": (
        [per(input_per_token=per_token(1))],
        [A | {"output_per_token": Decimal(0)}],
    ),
    "a source that knows another unit": ([A], [per(per_query=Decimal("0.001"))]),
    "the same for people": ([card("0.333333333333")], [card("0.3333333333334", Decimal("1.333333333332"))]),
    "a source that knows no price": ([A], []),
    "a source that says 0 for unknown": ([A], [card("0", Decimal(0))]),
    "a source that says 0 for unknown, and one price": (
        [A],
        [card("0", Decimal(0), web_search_per_query=Decimal("0.01"))],
    ),
    "a source that knows no cache price": ([card("1", cached_input_per_token=per_token("0.1"))], [A]),
    "a source that knows no tier": ([card("1", **TIERS)], [A]),
    "a price of later": ([A], [A, card("9", observed="2027-01-01")]),
}


@pytest.mark.parametrize("case", AGREEING)
def test_no_difference_is_no_finding(tmp_path, case):
    ours, theirs = AGREEING[case]
    assert found(saying(tmp_path, registry={"m": ours}, litellm={"m": theirs or {"license": "x"}})) == []


def test_who_agrees_with_whom(tmp_path):
    root = saying(
        tmp_path,
        registry={"m": [A]},
        litellm={"m": [card("2", 4)]},
        models_dev={"m": [A]},
        genai_prices={"m": [card("2", 4)]},
        openrouter={"m": [card("3", 4)]},
    )
    findings = {tuple(one.sources): one for one in found(root)}
    assert findings.keys() == {("genai_prices", "litellm"), ("openrouter",)}
    assert {tuple(one.with_us) for one in findings.values()} == {("models_dev", "registry")}
    assert [(one.factor, one.stake) for one in findings.values()] == [(3, Decimal("1.5")), (2, Decimal("0.75"))]


def test_sources_that_spell_a_name_otherwise_are_compared(tmp_path):
    root = saying(tmp_path, registry={"m-4.5": [A]}, litellm={"M-4-5": [card("2", 4)]})
    assert [(one.id, one.theirs) for one in found(root)] == [("openai/m-4.5", 2)]


def test_findings_are_sorted_by_the_money_at_stake(tmp_path):
    ours = {f"m-{number}": [card(price)] for number, price in enumerate(["1", "50", "0.1", "3"])}
    theirs = {
        "m-0": [card("1", 5)],
        "m-1": [card("51", 200)],
        "m-2": [card("100", Decimal("0.4"))],
        "m-3": {"context": 5, "pricing": [card("3")]},
    }
    root = saying(tmp_path, registry={**ours, "m-3": {"context": 4, "pricing": [card("3")]}}, litellm=theirs)
    findings = audit(root)
    assert [(one.id, one.stake) for one in findings] == [
        ("openai/m-2", Decimal("74.925")), ("openai/m-1", Decimal("0.75")), ("openai/m-0", Decimal("0.25")), ("openai/m-3", 0),
    ]  # fmt: skip
    assert audit(root) == findings


@pytest.mark.parametrize(
    ("meter", "stake"),
    [
        ("input_per_token", 750_000), ("cache_write_per_token", 750_000), ("output_per_token", 250_000),
        ("output_image_per_token", 250_000), ("web_search_per_query", 1_000),
    ],
)  # fmt: skip
def test_money_is_counted_by_the_call(tmp_path, meter, stake):
    """A million tokens, three quarters of them input; of what is no token a thousand."""
    one, two = (A | {meter: Decimal(price).scaleb(-6)} for price in ("7", "9"))
    (found,) = audit(saying(tmp_path, registry={"m": [one]}, litellm={"m": [two]}))
    assert (found.field, found.stake) == (meter, Decimal("0.000002") * stake)


def test_what_an_operator_pins_is_compared_too(tmp_path):
    root = saying(tmp_path, registry={"m": [A]}, litellm={"m": [A]})
    assert audit(root) == []
    Store(root).upsert({"provider": "openai", "model": "m", "input_per_1k": 1}, "ann")
    (one,) = audit(root)
    assert (one.field, one.ours, one.theirs, one.sources, one.with_us, one.cause, one.level) == (
        "input_per_token", 1000, 1, ["litellm", "registry"], [], "unit slip here: ×1,000", "error",
    )  # fmt: skip


def test_a_factor_beyond_all_numbers_is_one(tmp_path):
    tiny = [card("0.000000000000000000000000000000000001", 4)]
    root = saying(tmp_path, registry={"m": [A]}, litellm={"acme/n": tiny}, models_dev={"acme/n": [card("999.9", 4)]})
    (one,) = found(root)
    assert one.factor == Decimal("9.999e38")


# The command


@pytest.fixture
def root(tmp_path):
    """One finding of each level, of two providers."""
    return saying(
        tmp_path / "root",
        registry={"m": [card("1000", 4)], "acme/n": [A], "acme/o": {"context": 4_000, "pricing": [A]}},
        litellm={"m": [A], "acme/n": [card("2", 4)], "acme/o": {"context": 8_000, "pricing": [A]}},
        models_dev={"m": [A]},
    )


def ask(root, *arguments):
    return CliRunner(env={"COLUMNS": "160"}).invoke(cli.cli, ["audit", "--data", str(root), *arguments])


def test_json_tells_all_with_their_numbers(root):
    before = content(root)
    done = run(root, "--json", command="audit")
    told = loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [(one["id"], one["level"]) for one in told] == [
        ("openai/m", "error"),
        ("acme/n", "warning"),
        ("acme/o", "info"),
    ]
    assert told[0] == {
        "id": "openai/m", "field": "input_per_token", "sources": ["litellm", "models_dev"], "ours": 1000, "theirs": 1,
        "factor": loads("0.001"), "with_us": ["registry"], "cause": "unit slip here: ×1,000", "level": "error", "stake": loads("749.25"),
    }  # fmt: skip
    assert content(root) == before  # nothing is changed


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([], ["openai/m", "acme/n"]),
        (["--level", "info"], ["openai/m", "acme/n", "acme/o"]),
        (["--level", "error"], ["openai/m"]),
        (["--limit", "1"], ["openai/m"]),
        (["--limit", "0", "--level", "info"], ["openai/m", "acme/n", "acme/o"]),
        (["--provider", "acme", "--level", "info"], ["acme/n", "acme/o"]),
        (["--provider", "ACME"], ["acme/n"]),
        (["--provider", "quiet"], []),
    ],
)
def test_a_table_shows_the_worst(root, arguments, shown):
    done = ask(root, *arguments)
    assert done.exit_code == 0
    assert [name for name in ("openai/m", "acme/n", "acme/o") if name in done.stdout] == shown
    if "--limit" in arguments and "1" in arguments:
        assert done.stdout.endswith("--limit 0 shows 1 more of 2 models\n")
    if not shown:
        assert done.stdout == "0 findings\n"


def test_a_provider_that_nobody_knows_is_no_clean_bill(root):
    done = run(root, "--provider", "opnai", "--fail-on", "error", command="audit")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("no provider is called 'opnai'; did you mean openai?\n")


DRAWN = """\
openai/m, 749.25 at stake
  input      1,000.00          here, registry
                 1.00  0.001×  litellm, models.dev: unit slip here: ×1,000

acme/n, 0.75 at stake
  input          1.00          here, registry
                 2.00      2×  litellm: another price

acme/o
  context    4,000             here, registry
             8,000         2×  litellm: another limit
  overrides                    litellm: tier threshold differs: 200,001, ours none

1 of level error, 1 of level warning, 2 of level info
"""


def test_below_each_model_stands_what_we_say_and_who_says_otherwise(root):
    tell_a_tier(root)
    done = ask(root, "--level", "info")
    assert "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines()) == DRAWN


def tell_a_tier(root):
    """LiteLLM has a tier that we do not know, of the price that we know."""
    said = claims.load((root / files.FEEDS / "litellm.json").read_bytes(), "litellm")
    terms = Pricing.from_dict(A | tiered("2", prompt_tokens_above=200_000))
    told = [
        claim._replace(fields={**claim.fields, "pricing": (terms,)}) if claim.model == "o" else claim
        for claim in said.claims
    ]
    (root / files.FEEDS / "litellm.json").write_bytes(dump(said._replace(claims=told)))


def on_a_terminal(columns, *command, root):
    """What a person sees whose terminal has so many columns: bytes from the end of the progress bar on."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    started = [sys.executable, "-m", "modelry", *command, "--data", str(root)]
    env = environment(TERM="xterm", NO_COLOR="1")
    env.pop("COLUMNS", None)
    with subprocess.Popen(started, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        while data := read_from(ours):
            shown += data
    os.close(ours)
    assert process.returncode == 0
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode().rpartition("\x1b[2K")[2])


LONG = "openai/" + "a-long-name-" * 4


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_it_fits_the_terminal_and_nothing_is_cut_off(root, columns):
    sources = {source: {LONG: [card("2", 4)]} for source in ("litellm", "models_dev", "openrouter")}
    saying(root, registry={LONG: [A]}, **sources)
    shown = on_a_terminal(columns, "audit", root=root)
    lines = [line.rstrip() for line in shown.splitlines()]
    assert lines[0] == f"{LONG}, 0.75 at stake"
    assert all(len(line) <= columns for line in lines[1:])
    assert "…" not in shown
    told = " ".join(shown.split())
    assert "1.00 here, registry 2.00 2× litellm, models.dev, openrouter: another price" in told


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 0), (["--fail-on", "error"], 1), (["--fail-on", "info"], 1), (["--fail-on", "error", "--level", "error"], 1),
        (["--fail-on", "error", "--json"], 1), (["--fail-on", "error", "--provider", "acme"], 0), (["--fail-on", "warning", "--provider", "acme"], 1),
        (["--fail-on", "much"], 2), (["--level", "debug"], 2),
    ],
)  # fmt: skip
def test_a_build_can_fail_on_a_level(root, arguments, status):
    done = ask(root, *arguments)
    assert done.exit_code == status
    if "--json" in arguments:
        assert len(loads(done.stdout)) == 3
    if status == 1:
        assert re.fullmatch(r"[123] of level (info|warning|error) or worse\n", done.stderr)


def test_names_are_printed_as_they_are(tmp_path):
    name = "acme/[red]m:free:smile:"
    root = saying(tmp_path / "root", registry={"m": [A]}, litellm={name: [A]}, models_dev={name: [card("2", 4)]})
    assert name in ask(root).stdout


# The catalogue that ships


def test_the_shipped_catalogue_holds_no_price_that_cannot_be_meant():
    findings = audit(PROJECT)
    assert [one for one in findings if one.level == "error"] == []
    assert {one.id for one in findings} <= rows(PROJECT).keys()
    stakes = [one.stake for one in findings]
    assert stakes == sorted(stakes, reverse=True)


def test_in_a_deployment_the_packaged_catalogue_has_a_voice(tmp_path):
    """A claim that was taken in by hand, of a thousand times the price that the package knows."""
    known = 1000 * rows(PROJECT)["openai/gpt-4o"]["input_per_1k"]
    said = Model(provider="openai", model="gpt-4o", pricing=(Pricing.from_dict(card(1000 * known, 10)),))
    (tmp_path / files.FEEDS).mkdir(parents=True)
    (tmp_path / files.FEEDS / "litellm.json").write_bytes(dump(Feed("litellm", DAY, [claim_of("litellm", said, DAY)])))
    Store(tmp_path).recover()
    one = next(one for one in audit(tmp_path) if one.field == "input_per_token")
    assert (one.id, one.sources, one.ours, one.theirs) == ("openai/gpt-4o", ["bundle"], 1000 * known, known)
    assert one.cause == "unit slip there: ×1,000"

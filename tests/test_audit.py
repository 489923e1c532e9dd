"""The audit: where sources say otherwise than the catalogue, by how much, who agrees with whom, and why that may be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from click.testing import CliRunner
from refreshing import PROJECT, content, rows, run

from modelry import cli
from modelry.catalog import build, files
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
    for provider in ("openai", "acme"):
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
    "the same for people": ([card("0.333333333333")], [card("0.3333333333334", Decimal("1.333333333332"))]),
    "a source that knows no price": ([A], []),
    "a source that says 0 for unknown": ([A], [card("0", Decimal(0))]),
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
        (["--provider", "nobody"], []),
    ],
)
def test_a_table_shows_the_worst(root, arguments, shown):
    done = ask(root, *arguments)
    assert done.exit_code == 0
    assert [name for name in ("openai/m", "acme/n", "acme/o") if name in done.stdout] == shown
    if "--limit" in arguments and "1" in arguments:
        assert done.stdout.endswith("2 findings, 1 more of them with --limit 0 or --json\n")
    if not arguments:
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("openai/m")]
        assert line.split() == [
            "openai/m",
            "input",
            "1,000.00",
            "1.00",
            "0.001×",
            "litellm,",
            "models_dev",
            "registry",
            "unit",
            "slip",
            "here:",
            "×1,000",
        ]


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

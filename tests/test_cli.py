"""The command line, run as people run it: what it prints, where, with which exit status, and what it loads."""

import json
import os
import re
import shlex
import subprocess
import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console
from test_select import MODELS, PROVIDERS, write_toy

import modelry
from modelry import Registry, cli
from modelry.cli import COMMANDS
from modelry.cli.history import by_date
from modelry.cli.options import COUNT, QUANTITY
from modelry.cli.text import aligned, condition, conditions, digits, money, rate_shown
from modelry.conditions import CONDITIONS, FACTS
from modelry.jsontext import loads
from modelry.meters import BUCKETS, METERS
from modelry.pricing import Per, Pricing
from modelry.select import SORTS

SOURCE = str(Path(modelry.__file__).parents[1])


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return str(write_toy(tmp_path_factory.mktemp("cli") / "toy.sqlite"))


@pytest.fixture
def run(toy):
    """Run in this process: (arguments) -> result."""
    runner = CliRunner(env={"MODELRY_CATALOG": toy, "COLUMNS": "80"})
    return lambda *arguments: runner.invoke(cli.cli, arguments, prog_name="modelry")


@pytest.fixture
def modelry_process(toy):
    """Run as a process of its own, with no width given and no terminal."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}

    def process(*arguments, **environment):
        env = inherited | {"PYTHONPATH": SOURCE, "MODELRY_CATALOG": toy, "PYTHONIOENCODING": "utf-8"} | environment
        command = [sys.executable, "-m", "modelry", *arguments]
        return subprocess.run(command, env=env, capture_output=True, encoding="utf-8", timeout=60, check=False)

    return process


SHOWS = ["show", "show --history", "list", "providers", "compare"]
A_CALL = {
    "show": "show anthropic/claude-sonnet-4-5",
    "list": "list",
    "compare": "compare openai/gpt-4o google/gemini-2.5-pro --input 10k --output 1k",
    "resolve": "resolve gpt-4o",
    "providers": "providers",
    "cost": "cost openai/gpt-4o --input 1000 --output 500",
}
"""A plain use of each command that reads the catalogue."""


# Exit status


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        ("cost openai/gpt-4o --input 1000 --output 500", 0, ""),
        ("cost openai/gpt-40 --input 1", 1, "did you mean openai/gpt-4o?"),
        ("cost openai/gpt-unpriced --input 1", 1, "no price is known"),
        ("cost openai/gpt-4o --input 1 --tier auto", 1, "is no service tier"),
        ("cost openai/gpt-4o --input 1 --at yesterday", 1, "a date such as 2026-03-01"),
        ("cost openai/gpt-4o --input 1 --at 2020-01-01", 1, "the first one holds from 2024-05-13"),
        ("cost openai/gpt-4o --input 1 --input-tokens 5", 1, "stands beside input"),
        ("cost openai/gpt-4o --input 1 --pages 5 --strict", 1, "pages has no price"),
        ("cost openai/gpt-4o --input -1", 2, "is no number"),
        ("cost openai/gpt-4o --input 1,5", 2, "is no number"),
        ("cost openai/gpt-4o --input 1.5", 2, "is no whole number"),
        ("cost openai/gpt-4o --input " + "9" * 5000, 2, "is no number"),
        ("cost openai/gpt-4o", 2, "Say how much was used"),
        ("cost --input 5", 2, "Missing argument 'ID'"),
        ("cost openai/gpt-4o --inptu 5", 2, "No such option"),
        ("show openai/gpt-40", 1, "did you mean openai/gpt-4o?"),
        ("show gpt-4o --provider opnai", 1, "no provider is called 'opnai'; did you mean openai?"),
        ("resolve nothing-like-this", 1, "no model is called"),
        ("list --capability visoin", 1, "did you mean vision?"),
        ("list --provider opnai", 1, "did you mean openai?"),
        ("list --sort colour", 1, "there is no such sort"),
        ("list --stale 99999999", 1, "before the calendar"),
        ("list --q", 2, "No such option"),
        ("compare openai/gpt-4o", 2, "Give two ids or more"),
        ("compare openai/gpt-4o openai/gpt-40", 1, "did you mean openai/gpt-4o?"),
        ("providers opnai", 1, "did you mean openai?"),
        ("shwo", 2, "Did you mean"),
        ("schema nothing", 2, "There is no schema"),
        ("completion tcsh", 2, "is not one of"),
        ("build --data /nowhere/at/all", 2, "does not exist"),
        ("list --data /nowhere/at/all.sqlite", 1, "there is no such file; make one with `modelry build`"),
        (f"list --data {__file__[:-3]}.sqlite", 1, "there is no such file"),
    ],
)
def test_exit_status_and_reason(modelry_process, arguments, status, reason):
    result = modelry_process(*shlex.split(arguments))
    assert result.returncode == status, result.stderr
    assert reason in result.stderr
    assert "Traceback" not in result.stderr
    assert (result.stdout == "") is (status != 0)


def test_a_file_that_is_no_snapshot_is_refused(modelry_process, tmp_path):
    foreign = tmp_path / "foreign.sqlite"
    foreign.write_text("no database at all, whatever its name says " * 50)
    result = modelry_process("list", MODELRY_CATALOG=str(foreign))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr


def test_a_name_that_is_no_text_is_refused(toy):
    env = os.environ | {"PYTHONPATH": SOURCE, "MODELRY_CATALOG": toy}
    command = [os.fsencode(sys.executable), b"-m", b"modelry", b"resolve", b"gpt-\xff"]
    result = subprocess.run(command, env=env, capture_output=True, timeout=60, check=False)
    assert result.returncode == 1
    assert b"Traceback" not in result.stderr


def test_a_broken_registry_is_refused_with_file_and_line(modelry_process, tmp_path):
    """Every problem at once; nothing is written."""
    (tmp_path / "v1/models").mkdir(parents=True)
    (tmp_path / "v1/providers").mkdir()
    (tmp_path / "v1/providers/openai.yaml").write_text("id: openai\nname: OpenAI\nbase_ulr: https://api.openai.com\n")
    (tmp_path / "v1/models/gpt.yaml").write_text("models:\n  gpt-4o:\n    provider: openai\n    pricng: {}\n")
    result = modelry_process("build", "--data", str(tmp_path))
    assert result.returncode == 1
    assert re.search(r"openai\.yaml:3", result.stderr), result.stderr
    assert re.search(r"gpt\.yaml:4", result.stderr), result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "data/models.json").exists()


@pytest.mark.parametrize("arguments", [*A_CALL.values(), "--help", "cost --help", "list --json"])
def test_a_reader_that_went_away_is_no_error_to_talk_about(toy, arguments):
    read, write = os.pipe()
    os.close(read)
    env = os.environ | {"PYTHONPATH": SOURCE, "MODELRY_CATALOG": toy}
    command = [sys.executable, "-m", "modelry", *shlex.split(arguments)]
    result = subprocess.run(command, env=env, stdout=write, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(write)
    assert result.stderr == b""
    assert result.returncode == cli.READER_GONE


@pytest.fixture
def interrupted(monkeypatch):
    """A command that is interrupted while it runs."""

    @click.command("wait")
    def wait_command():
        raise KeyboardInterrupt

    module = type(sys)("modelry.cli.waiting")
    module.wait_command = wait_command
    monkeypatch.setitem(sys.modules, "modelry.cli.waiting", module)
    monkeypatch.setitem(COMMANDS, "wait", cli.Entry("waiting", "Models", "Wait."))


def test_an_interrupted_command_says_nothing(run, interrupted):
    result = run("wait")
    assert (result.exit_code, result.output) == (130, "")


# Help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(run, name):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: modelry {name} ")
    assert f"modelry {name}" in result.output.partition("\nExamples:\n")[2]
    assert max(map(len, result.output.partition("\nExamples:\n")[0].splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_the_group_lists_every_command_with_its_line(run, name):
    for result in (run("--help"), run("-h")):
        assert re.search(rf"^  {name} +{re.escape(COMMANDS[name].help)}$", result.output, re.MULTILINE)
        assert "\nExamples:\n  modelry " in result.output
    command = cli.cli.get_command(None, name)
    assert (command.name, command.short_help) == (name, COMMANDS[name].help)


def examples():
    for name in COMMANDS:
        if name in (
            "audit",
            "build",
            "check",
            "completion",
            "import",
            "refresh",
            "serve",
            "verify",
        ):  # of a ROOT, a network, a shell
            continue
        text = cli.cli.get_command(None, name).help.partition("Examples:\n")[2]
        yield from (line.strip().partition(" > ")[0] for line in text.splitlines() if line.strip())
    yield from (line.strip() for line in cli.EXAMPLES.splitlines() if line.startswith("  modelry"))


@pytest.mark.parametrize("example", list(examples()))
def test_an_example_of_the_help_works(run, example):
    result = run(*shlex.split(example)[1:])
    assert result.exit_code == 0, result.output
    assert result.stdout.strip()


@pytest.mark.parametrize("name", [*BUCKETS, *sorted(FACTS), "at", "input_tokens", "output_tokens"])
@pytest.mark.parametrize("command", ["cost", "compare"])
def test_every_bucket_and_every_fact_has_an_option(name, command):
    options = {option.name: option for option in cli.cli.get_command(None, command).params}
    assert f"--{name.replace('_', '-')}" in options[name].opts
    assert options[name].help


def test_the_options_of_the_surface_exist():
    opts = {opt for option in cli.cli.get_command(None, "cost").params for opt in option.opts}
    assert {"--input", "--output", "--cached", "--tier", "--region", "--at", "--strict", "--json"} <= opts


def test_version(run):
    assert run("--version").output == f"modelry {modelry.__version__}\n"


# Numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("1500", 1500),
        ("1_500", 1500),
        ("1,500", 1500),
        ("1,234,567", 1234567),
        ("10k", 10_000),
        ("10K", 10_000),
        ("1.5k", 1500),
        ("2M", 2_000_000),
        ("0.000001M", 1),
        ("1.0", 1),
    ],
)
def test_a_count_is_read_as_people_write_it(text, number):
    read = COUNT.convert(text, None, None)
    assert (type(read), read) == (int, number)


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1e3", "1,5", "1,50,000", "_1", "1__0", ".5", "1.", "1m", "1 000", "٣", "NaN", "0x10", "1k5"],
)
def test_what_is_no_count_is_refused(text):
    with pytest.raises(click.BadParameter):
        COUNT.convert(text, None, None)


def test_a_measured_quantity_may_have_a_fraction():
    assert QUANTITY.convert("61.5", None, None) == Decimal("61.5")
    with pytest.raises(click.BadParameter, match="whole"):
        COUNT.convert("61.5", None, None)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (digits(Decimal("0.0000025")), "0.0000025"),
        (digits(Decimal("2.5")), "2.50"),
        (digits(Decimal("1234.5")), "1,234.50"),
        (digits(Decimal("1E+3")), "1,000.00"),
        (digits(Decimal(128000), 0), "128,000"),
        (money(Decimal("1.2"), "CNY"), "CNY 1.20"),
        (money(None, "USD"), "—"),
        (money(Decimal(0), "USD"), "$0.00"),
        (rate_shown("input_per_token", Decimal("0.0000025")), "2.50"),
        (rate_shown("web_search_per_query", Decimal("0.01")), "0.01"),
        (rate_shown("input_per_token", Decimal(0)), "free"),
        (rate_shown("input_per_token", None), "—"),
        (rate_shown("input_per_token", Decimal("1.0000000000000001E-7")), "≈0.10"),
        (rate_shown("input_per_token", Per(Decimal(2), 7_000_000)), "≈0.28571429"),
        (rate_shown("input_per_second", Per(Decimal("0.006"), 60)), "0.0001"),
        (aligned(["2.50", "—", "10.00", "0.075"]), [" 2.50 ", " —    ", "10.00 ", " 0.075"]),
        (condition({"service_tier": "batch", "prompt_tokens_above": 200000}), "batch tier, input > 200,000"),
        (condition({"weekdays": ["mon", "tue", "wed"], "utc_hours": ["01:00-04:00"]}), "mon–wed, 01:00-04:00 UTC"),
        (condition({"weekdays": ["sat"], "weekday_timezone": "Asia/Shanghai"}), "sat (Asia/Shanghai)"),
        (conditions([{"region": "us"}, {"region": ["eu", "jp"]}]), "region us or eu or jp"),
        (conditions([{"region": "us"}, {"speed": "fast"}]), "region us or fast speed"),
    ],
)
def test_numbers_and_conditions_read_well(shown, text):
    assert shown == text


@pytest.mark.parametrize("key", CONDITIONS)
def test_every_condition_has_words(key):
    value = {"utc_hours": ["01:00-02:00"], "weekdays": ["mon"]}.get(key, 5)
    assert condition({key: value})


@pytest.mark.parametrize("meter", METERS)
def test_every_meter_has_words(run, meter):
    from modelry.cli.text import meter_unit, meter_words, unit_price

    assert meter_words(meter)
    assert meter_unit(meter).split()[-1].rstrip("s") == METERS[meter].unit.replace("_", "-")
    assert "$" in unit_price(meter, Decimal("0.001"), "USD")


# What is printed


def test_cost_in_words(run):
    result = run("cost", "anthropic/claude-sonnet-4-5", "--input", "1k", "--cached", "50k", "--output", "800")
    assert result.stdout.splitlines() == [
        "anthropic/claude-sonnet-4-5",
        "",
        "  input          1,000 tokens   $3.00 / 1M  $0.003",
        "  cached input  50,000 tokens   $0.30 / 1M  $0.015",
        "  output           800 tokens  $15.00 / 1M  $0.012",
        "  total                                     $0.03",
        "",
        "  rates since 2025-09-29",
        "  from https://docs.claude.com/en/docs/about-claude/pricing",
    ]


def test_cost_says_what_is_assumed_unpriced_and_free(run):
    result = run("cost", "openai/gpt-4o", "--input", "1k", "--input-audio", "1k", "--pages", "3", "--region", "mars")
    assert re.search(r"input audio .* \$0\.0025  assumed", result.stdout)
    assert "pages                    no price is known per page" in result.stdout
    assert "total of what is priced" in result.stdout
    assert "Warning: no price for region mars is known" in result.stderr
    assert re.search(r"input +5 tokens +free +\$0\.00", run("cost", "local/llama-3.3-70b", "--input", "5").stdout)


def test_cost_in_json_is_the_estimate_to_the_last_digit(run, toy):
    arguments = {"input": 1_234_567, "cached_input": 3, "output": 7}
    result = run("cost", "gpt-4o", *(f"--{name.replace('_', '-')}={n}" for name, n in arguments.items()), "--json")
    estimate = Registry.open(toy).cost("gpt-4o", **arguments)
    plain = loads(result.stdout)
    assert plain["total_cost"] == estimate.total_cost
    assert [line["amount"] for line in plain["lines"]] == [line.amount for line in estimate.lines]
    assert '"rate": 0.0000025,' in result.stdout


@pytest.mark.parametrize("call", A_CALL.values())
def test_json_is_one_document(run, call):
    result = run(*shlex.split(call), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)
    assert result.stderr == ""


def test_list_in_json_has_the_rows_and_their_ids(run):
    plain = loads(run("list", "--sort", "input", "--limit", "2", "--json").stdout)
    assert [row["id"] for row in plain] == ["google/gemini-embedding-001", "deepseek/deepseek-chat"]
    assert plain[0]["pricing"][0]["input_per_token"] == Decimal("0.00000015")
    assert run("list", "nothing-has-this-name", "--json").stdout == "[]\n"


def test_list_for_a_program_has_a_model_a_line_with_nothing_cut(modelry_process):
    lines = modelry_process("list").stdout.splitlines()
    assert len(lines) == 1 + len(MODELS)
    assert {line.split()[0] for line in lines[1:]} == {model.id for model in MODELS}
    assert modelry_process("list", "--ids", "sonnet").stdout.splitlines() == [
        "anthropic/claude-sonnet-4-5",
        "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
    ]


def test_list_without_a_match_says_so_on_stderr(run):
    result = run("list", "nothing-has-this-name")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No model passes these filters.\n")


def test_list_tells_unknown_free_and_other_currencies_apart(run):
    text = run("list").stdout
    assert re.search(r"alibaba-cn/qwen-plus +131,072 +CNY 0\.80 +CNY 2\.00", text)
    assert re.search(r"local/llama-3\.3-70b +131,072 +free +free", text)
    assert re.search(r"openai/gpt-unpriced +≥ 300,000 +— +—", text)
    assert re.search(r"openai/dall-e-3 +— +— +0\.04/image", text)
    assert re.search(r"fireworks/.*≈0\.57142857 ", text)


def test_list_shows_what_it_sorts_by(run):
    text = run("list", "--sort", "release_date", "--desc", "--status", "active").stdout
    assert "released" in text.splitlines()[0]
    assert "released" not in run("list", "--provider", "openai").stdout.splitlines()[0]


def test_the_sorts_of_the_help_are_those_of_the_library(run):
    text = " ".join(run("list", "--help").output.split())
    assert f"Order: {', '.join(SORTS)}." in text


def test_show_tells_can_cannot_and_unknown(run):
    text = run("show", "openai/gpt-4o").stdout
    assert re.search(r"✓ Can +chat, streaming, tools, vision, json_mode ", text)
    assert re.search(r"✗ Cannot +reasoning ", text)
    assert re.search(r"\? Unknown +tool_choice, ", text)


def test_show_draws_the_card_in_force_by_condition(run):
    text = run("show", "anthropic/claude-sonnet-4-5").stdout
    assert "Prices in USD per 1M tokens, since 2025-09-29" in text
    assert re.search(r"^base +3\.00 +15\.00 +0\.30 +3\.75 +6\.00 +0\.01", text, re.MULTILINE)
    assert re.search(r"^input > 200,000 +6\.00 +· +· +· +· +·", text, re.MULTILINE)
    assert re.search(r"^batch tier +1\.50 +7\.50 +— +— +— +·", text, re.MULTILINE)
    assert re.search(r"^region us +× 1\.1 +× 1\.1 +× 1\.1 +× 1\.1 +× 1\.1 +·", text, re.MULTILINE)


def test_show_history_has_a_row_for_every_card(run):
    text = run("show", "deepseek/deepseek-chat", "--history").stdout
    rows = re.findall(r"^(\d{4}-\d\d-\d\d) +(\d{4}-\d\d-\d\d|to come) +([\d.,]+) +([\d.,]+)", text, re.MULTILINE)
    (soon, state, *_), now, past = rows
    assert state == "to come"
    assert now == ("2025-09-29", soon, "0.30", "0.42")
    assert past == ("2025-02-08", "2025-09-29", "0.27", "1.10")
    assert "Prices in USD, since 2025-09-29" in text  # the one in force stands above them in full
    assert "3 dated rate cards; --history shows all." in run("show", "deepseek/deepseek-chat").stdout


def test_show_history_as_json_has_every_card_with_its_time(run):
    told = loads(run("show", "deepseek/deepseek-chat", "--history", "--json").stdout)
    past, now, soon = told["prices"]
    assert told["id"] == "deepseek/deepseek-chat"
    assert (past["since"], past["until"]) == ("2025-02-08T00:00:00Z", "2025-09-29T00:00:00Z")
    assert (now["until"], soon["until"]) == (soon["since"], None)
    assert past["card"]["input_per_token"] == Decimal("0.00000027")


def test_show_history_marks_corrections_currencies_and_days_on_which_a_price_was_only_seen():
    wrong = Pricing({"input_per_token": Decimal("0.00001")}, observed="2025-01-01", source="a map")
    right = Pricing({"input_per_token": Decimal("0.000001")}, observed="2025-02-01", source="the page", correction=True)
    now = Pricing({"input_per_token": Decimal("0.0000005")}, effective_from="2025-03-01", currency="EUR")
    page = Console(file=StringIO(), width=80)
    for part in by_date((wrong, right, now), 80):
        page.print(part)
    lines = [line.split() for line in page.file.getvalue().splitlines()]
    assert ["2025-03-01", "now", "EUR", "0.50", "—"] in lines
    assert ["correction", "2025-03-01", "USD", "1.00", "1"] in lines
    assert ["~2025-01-01", "corrected", "USD", "10.00", "2"] in lines
    sources = [line for line in lines if line[:1] in (["1"], ["2"])]
    assert sources == [["1", "the", "page"], ["2", "a", "map"]]


def test_show_is_honest_about_prices_that_are_not_there(run):
    assert "No price is known." in run("show", "openai/gpt-unpriced").stdout
    assert "No price holds now; --history shows all." in run("show", "openai/gpt-tomorrow").stdout
    assert re.search(r"input +free +per 1M tokens", run("show", "local/llama-3.3-70b").stdout)


def test_resolve_says_how(run):
    result = run("resolve", "us.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert result.stdout.splitlines() == [
        "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
        "  asked     us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "  found by  rule:inference-profile",
        "  region    us",
    ]
    assert run("resolve", "gpt-4o", "--quiet").stdout == "openai/gpt-4o\n"


def test_compare_costs_only_what_can_be_compared(run):
    ids = ["openai/gpt-4o", "alibaba-cn/qwen-plus", "deepseek/deepseek-chat", "openai/gpt-unpriced"]
    result = run("compare", *ids, "--input", "1M")
    assert result.exit_code == 0
    assert re.findall(r"this call +(.*)", result.stdout) == [
        "$2.50            CNY 0.80               $0.30",
        "—",
    ]
    assert re.findall(r"times the least +(.*)", result.stdout) == [
        "8.3×                   —                1.0×",
        "—",
    ]
    assert "openai/gpt-unpriced: no price is known" in result.stdout


def test_compare_says_where_the_call_does_not_fit(run):
    text = run("compare", "openai/gpt-4o", "google/gemini-2.5-pro", "--input", "200k").stdout
    assert "openai/gpt-4o: 200,000 tokens are more than its context of 128,000" in text
    assert "google/gemini-2.5-pro: " not in text


def test_providers_are_counted_and_told_in_full(run):
    assert re.search(r"^google +3 +Google", run("providers").stdout, re.MULTILINE)
    text = run("providers", "Gemini").stdout
    assert re.search(r"Name +Google", text)
    assert re.search(r"Aliases +gemini", text)
    assert len(json.loads(run("providers", "--json").stdout)) == len(PROVIDERS)


def test_schema_prints_json_schemas(run):
    known = json.loads(run("schema").stdout)
    assert all(isinstance(schema, dict) for schema in known.values())
    name = next(iter(known))
    assert json.loads(run("schema", name).stdout) == known[name]


# Terminals


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    "call",
    [*(A_CALL[name] for name in ("show", "list", "compare", "providers")), "show deepseek/deepseek-chat --history"],
)
def test_nothing_is_wider_than_the_terminal(modelry_process, call, width):
    result = modelry_process(*shlex.split(call), COLUMNS=str(width))
    assert result.returncode == 0
    assert max(map(len, result.stdout.splitlines())) <= width
    assert "…" not in result.stdout  # nothing is cut


@pytest.mark.parametrize("call", A_CALL.values())
def test_colour_is_for_terminals_and_can_be_refused(modelry_process, call):
    assert "\x1b" not in modelry_process(*shlex.split(call)).stdout
    assert (
        "\x1b"
        not in modelry_process(*shlex.split(call), COLUMNS="80", FORCE_COLOR="1", NO_COLOR="1", TERM="dumb").stdout
    )


def test_colour_is_there_when_it_is_wanted(modelry_process):
    assert "\x1b[" in modelry_process("show", "openai/gpt-4o", COLUMNS="80", FORCE_COLOR="1", TERM="xterm").stdout


@pytest.mark.parametrize("call", A_CALL.values())
def test_a_terminal_without_dashes_is_no_reason_to_fail(modelry_process, call):
    result = modelry_process(*shlex.split(call), COLUMNS="80", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")


# Completion


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("modelry sh", ["show"]),
        ("modelry show openai/gpt-4", ["openai/gpt-4o"]),
        ("modelry show gemini/gemini-2.5", ["gemini/gemini-2.5-pro"]),
        ("modelry cost anthropic/claude", ["anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5-20250929"]),
        ("modelry show open", ["openai/dall-e-3", "openai/gpt-4o", "openai/gpt-null"]),
        ("modelry list --provider goo", ["google"]),
        ("modelry list --capability vis", ["vision"]),
        ("modelry list --sort rel", ["release_date"]),
        ("modelry cost openai/gpt-4o --tier ba", ["balanced", "batch"]),
        ("modelry cost openai/gpt-4o --cached-input-", ["--cached-input-audio", "--cached-input-image"]),
    ],
)
def test_tab_completes(modelry_process, typed, offered):
    position = str(len(typed.split()) - 1)
    result = modelry_process(_MODELRY_COMPLETE="bash_complete", COMP_WORDS=typed, COMP_CWORD=position)
    found = [line.partition(",")[2] for line in result.stdout.splitlines()]
    assert found[: len(offered)] == offered


def test_tab_in_a_broken_catalogue_offers_nothing(modelry_process):
    environment = {"_MODELRY_COMPLETE": "bash_complete", "COMP_WORDS": "modelry show op", "COMP_CWORD": "2"}
    result = modelry_process(**environment, MODELRY_CATALOG="/nowhere.sqlite")
    assert (result.stdout.strip(), result.stderr) == ("", "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_prints_a_script(run, shell):
    assert "_MODELRY_COMPLETE" in run("completion", shell).stdout


# The cold start

CORE = frozenset(
    [
        "cli",
        "cli.cost",
        "cli.options",
        "cli.text",
        "conditions",
        "costs",
        "rates",
        "errors",
        "identity",
        "meters",
        "pricing",
        "registry",
        "snapshot",
        "usage",
        "_named",
    ]
)
NEEDED = frozenset(
    [
        "_bisect",
        "_decimal",
        "_locale",
        "_sqlite3",
        "bisect",
        "decimal",
        "locale",
        "numbers",
        "sqlite3",
        "sqlite3.dbapi2",
        "_io",
    ]
)


@pytest.mark.parametrize(
    ("call", "also"),
    [
        (A_CALL["cost"], set()),
        (A_CALL["resolve"], {"modelry.cli.resolve"}),
        ("cost openai/gpt-4o-2024-08-06 --input 1", None),
    ],
)
def test_a_price_loads_click_the_core_and_nothing_else(toy, call, also):
    """An allow-list: whatever else a change makes every start pay for shows up here by name."""
    code = (
        "import click, sys; before = set(sys.modules)\n"
        "from modelry.cli import cli\n"
        f"try: cli({shlex.split(call)!r})\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    env = os.environ | {"PYTHONPATH": SOURCE, "MODELRY_CATALOG": toy}
    result = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(result.stderr.split())
    assert not {name.partition(".")[0] for name in loaded} & {"rich", "pydantic"}
    if also is not None:
        allowed = {"modelry", *(f"modelry.{name}" for name in CORE), *NEEDED, *also}
        assert loaded - allowed == set()
        assert not loaded & {"json", "dataclasses", "typing", "pathlib", "logging"}

"""The command line: one module per command group, each imported when its command is called.

Exit status: 0 done, 1 refused with the reason on stderr, 2 misuse, 130 interrupted, 141 where the reader of a pipe
went away. `COMMANDS` is the one list of commands; to add one, add a row and a module that holds it.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, NamedTuple

import click

from modelry import __version__
from modelry.errors import InvalidRegistry, ModelryError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

INTERRUPTED = 130
READER_GONE = 141


class Entry(NamedTuple):
    """Where a command lives, the section of the help that shows it, and its one line there."""

    module: str
    section: str
    help: str


COMMANDS: dict[str, Entry] = {
    "show": Entry("show", "Models", "Everything known of one model."),
    "list": Entry("listing", "Models", "Choose models by what they are, can do and cost."),
    "compare": Entry("compare", "Models", "Models side by side, with what a call costs on each."),
    "resolve": Entry("resolve", "Models", "Which entry a name means, and why."),
    "providers": Entry("providers", "Models", "Who serves models, and where."),
    "cost": Entry("cost", "Prices", "What a call costs, exactly."),
    "serve": Entry("serve", "Server", "The catalogue over HTTP, with its page."),
    "refresh": Entry("refresh", "Catalogue", "Fetch feeds, guard them, and take in what changed."),
    "audit": Entry("audit", "Catalogue", "Where sources disagree with the catalogue."),
    "verify": Entry("verify", "Catalogue", "Ask a provider which models it lists, and record it."),
    "import": Entry("importing", "Catalogue", "Take in a feed as claims."),
    "build": Entry("maintain", "Catalogue", "Fold the registry into the catalogue and compile it."),
    "check": Entry("maintain", "Catalogue", "Whether registry, catalogue and snapshot are in step."),
    "schema": Entry("maintain", "Catalogue", "JSON Schemas of the YAML and of the rows."),
    "export": Entry("exchange", "Catalogue", "Write the catalogue in the form of another system."),
    "completion": Entry("completion", "Shell", "A script that completes commands and model ids with TAB."),
}


class Refused(click.ClickException):
    """A refusal with its reason on stderr."""

    exit_code = 1

    def __init__(self, error: Exception) -> None:
        text = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        if isinstance(error, InvalidRegistry):
            text = f"{error.message}\n{text}"
        super().__init__(text)


class Commands(click.Group):
    """A group that imports a command's module when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            self.commands = dict.fromkeys(COMMANDS, click.Command(None))  # what click suggests from
            return None
        command: click.Command = getattr(import_module(f"modelry.cli.{entry.module}"), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, COMMANDS))
        for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
            with formatter.section(section):
                named = (
                    (name.ljust(width), entry.help) for name, entry in COMMANDS.items() if entry.section == section
                )
                formatter.write_dl(list(named))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        formatter.write(f"\n{EXAMPLES}\n")

    def make_context(self, *given: Any, **extra: Any) -> click.Context:
        with _refusals():  # help is printed here
            return super().make_context(*given, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _refusals():
            result = super().invoke(ctx)
            sys.stdout.flush()  # a reader that has gone is to show here, not when the interpreter ends
        return result


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what may go wrong into an exit status and, where there is something to say, a reason."""
    try:
        yield
    except BrokenPipeError:
        _write_nowhere()
        raise click.exceptions.Exit(READER_GONE) from None
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None
    except (ModelryError, OSError) as error:
        raise Refused(error) from None
    except ModuleNotFoundError as error:
        told = missing_extra("this command", error)
        raise (Refused(told) if isinstance(told, ModelryError) else error) from None
    except UnicodeEncodeError as error:
        raise Refused(ValueError(f"{error.object!r} is no text in UTF-8")) from None


def _write_nowhere() -> None:
    """What is still buffered for a closed pipe must not fail again at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


EXAMPLES = """\
Examples:
  modelry show openai/gpt-4o
  modelry cost anthropic/claude-sonnet-4-5 --input 10k --output 500
  modelry list --capability tools --min-context 100k --sort input --limit 5

`modelry COMMAND --help` has the options and more examples."""


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="modelry", message="%(prog)s %(version)s")
def cli() -> None:
    """The registry of language models: what each is and can do, who serves it, what a call costs.

    A model is called PROVIDER/NAME, such as openai/gpt-4o. Aliases and the names of other systems are understood; a
    bare name means its maker's own offering.
    """


def main() -> None:
    """Run the command line: the entry point of `modelry`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a dash is no reason to fail in a terminal that has none
    cli(prog_name="modelry")

"""`modelry serve`: the API and the page."""

from __future__ import annotations

import click

from modelry.cli import COMMANDS
from modelry.cli.options import Command


@click.command("serve", cls=Command, short_help=COMMANDS["serve"].help)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option(
    "--port", default=8012, show_default=True, type=click.IntRange(0, 65_535), help="Port; 0 takes a free one."
)
@click.option("--data", metavar="ROOT", help="Folder of the catalogue, or the URL of a primary to follow. "
              "[default: $MODELRY_CATALOG, else here where data/models.json is, else your data folder]")  # fmt: skip
@click.option("--log-format", type=click.Choice(("json", "text")), help="[default: text on a terminal, else json]")
@click.option("--poll", default=30.0, show_default=True, type=click.FloatRange(0.1), metavar="SECONDS",
              help="How often a replica asks its primary.")  # fmt: skip
def serve_command(host: str, port: int, data: str | None, log_format: str | None, poll: float) -> None:
    """Serve the catalogue over HTTP: the page at /, the API under /api, its documentation at /docs.

    Reading is open to everybody who reaches the address. Writing needs the token of MODELRY_WRITE_TOKEN; without one
    only this machine may write, and only where the server listens on 127.0.0.1.

    A URL for ROOT makes a replica: it follows the primary's catalogue and keeps its last good copy while that is away.

    Examples:
      modelry serve
      MODELRY_WRITE_TOKEN=… modelry serve --host 0.0.0.0 --data /var/lib/modelry
      MODELRY_CATALOG=http://primary:8012/api/models modelry serve --port 8013
    """
    import gc
    import sys

    gc.disable()  # until it runs: what is imported stays, and looking for garbage in it takes a tenth of the start

    from modelry.server.run import run

    run(host, port, data, log_format or ("text" if sys.stdout.isatty() else "json"), poll)

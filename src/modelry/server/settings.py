"""What a server is told when it starts."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import NamedTuple


class Settings(NamedTuple):
    """Where the catalogue is, and who may change it.

    `catalogue` is the ROOT that is served and written, or the URL of a primary that is followed. `token` is what a
    writer must show; without one writing is for this machine alone, where the server is `bound_to_loopback`.
    """

    catalogue: str
    token: str | None = None
    bound_to_loopback: bool = False
    poll_seconds: float = 30.0
    log_format: str = "json"
    body_bytes: int = 2**20
    body_seconds: float = 10.0

    @property
    def follows(self) -> bool:
        """Whether the catalogue is a primary's."""
        return self.catalogue[:8].lower().startswith(("http://", "https://"))


def is_loopback(host: str) -> bool:
    """Whether an address, or the name of one, is of this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_loopback or bool(getattr(address, "ipv4_mapped", None) and address.ipv4_mapped.is_loopback)  # type: ignore[union-attr]


def write_token() -> str | None:
    """What `MODELRY_WRITE_TOKEN` says; an empty one is none."""
    return os.environ.get("MODELRY_WRITE_TOKEN") or None


def catalogue(option: str | None) -> str:
    """The ROOT or URL to serve: the option, MODELRY_CATALOG, here where a catalogue is, else the user's data folder."""
    named = option or os.environ.get("MODELRY_CATALOG")
    if named:
        return named
    if Path("data/models.json").is_file():
        return "."
    from platformdirs import user_data_dir  # knows where each system keeps a user's data

    return user_data_dir("modelry", appauthor=False)

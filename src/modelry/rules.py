"""Anchored id rules: how providers write names, and the name that each stands for.

A rule matches a whole name or nothing. Loaded only when a name is neither an id nor an alias.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import NamedTuple

_MONTH, _DAY = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_DATE = rf"20\d\d-{_MONTH}-{_DAY}|20\d\d{_MONTH}{_DAY}|2\d{_MONTH}|{_MONTH}{_DAY}"
"""2024-08-06, 20241022, 2603 (a year and a month) or 0315 (a month and a day)."""

SHARED: dict[str, tuple[str, str]] = {
    # A dated snapshot stands for the undated entry only where the dated one is not in the catalogue.
    "snapshot": (rf"(?P<model>.+?)[-@](?P<date>{_DATE})", "{model}"),
    "latest": (r"(?P<model>.+)-latest", "{model}"),
    # OpenAI's fine-tuned ids; priced by the fine-tuned entry of their base, never by the base itself.
    "fine-tune": (
        r"ft:(?P<base>[^:]+):(?P<organization>[^:]*):(?:(?P<suffix>[^:]*):)?(?P<job>[^:]+?)(?::(?P<step>ckpt-step-\d+))?",
        "ft:{base}",
    ),
    # OpenRouter's routing variants of one offering. `:free` is an offering of its own and is never dropped.
    "openrouter-variant": (r"(?P<model>.+):(?P<variant>nitro|floor|online|exacto|extended|thinking|beta)", "{model}"),
}
"""Rules that several manifests name: pattern and template."""


class CompiledRule(NamedTuple):
    """A rule ready to apply."""

    name: str
    pattern: re.Pattern[str]
    template: str
    bare: bool = False

    def apply(self, name: str) -> tuple[str, dict[str, str]] | None:
        """The name that `name` stands for and what its other parts say, or None where the rule does not fit."""
        match = self.pattern.fullmatch(name)
        if match is None:
            return None
        learnt = {key: value for key, value in match.groupdict().items() if value and key != "model"}
        return self.template.format_map(match.groupdict("")), learnt


def placeholders(template: str) -> frozenset[str]:
    """The groups that a template uses; ValueError where it is none."""
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def compile_rule(name: str, match: str = "", to: str = "", *, bare: bool = False) -> CompiledRule:
    """A rule of a manifest, or the shared one of this name; KeyError and re.error where it is none."""
    if not match:
        match, to = SHARED[name]
    return CompiledRule(name, re.compile(match, re.ASCII), to, bare)


_DATED = re.compile(SHARED["snapshot"][0], re.ASCII)


def date_of(name: str) -> str | None:
    """The date at the end of a snapshot's name, as it is written there."""
    match = _DATED.fullmatch(name)
    return match["date"] if match else None

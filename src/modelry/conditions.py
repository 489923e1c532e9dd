"""The conditions of an override: what `when` may say, and when it holds.

A condition compares one *fact* of a call with the value that the card gives. To add one, add a row to `CONDITIONS`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any, NamedTuple
else:
    from modelry._named import NamedTuple

SERVICE_TIERS = frozenset({"flex", "priority", "batch", "balanced", "ultrafast"})
"""The tiers that a card may price apart. `fast` is priority by another name where a card has no `speed`."""

STANDARD_TIERS = frozenset({"standard", "default", "on_demand"})
"""What providers call having no tier."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Condition(NamedTuple):
    """One key of `when`: the fact that it looks at, how it compares, and what its value must be."""

    key: str
    fact: str
    holds: Callable[[Any, Any], bool]
    value: str


class Instant(NamedTuple):
    """When a call was made: an aware UTC time, and whether its hour is known."""

    time: datetime
    has_hour: bool = True


def _above(bound: int, fact: int) -> bool:
    return fact > bound


def _from(bound: int, fact: int) -> bool:
    return fact >= bound


def _equals(value: str | list[str], fact: str) -> bool:
    return str(fact) in map(str, value if isinstance(value, list) else (value,))


# A scope that is not simply the first word of the regions in it.
_SCOPES = {"ap": "apac", "europe": "eu"}


def region_in(value: str | list[str], fact: str) -> bool:
    """Whether a region is one of these or lies in one: `us-east-1` is in `us`."""
    words = fact.split("-")
    scopes = {fact, "-".join(words[:2]), _SCOPES.get(words[0], words[0]), words[0]}
    if scopes & {"us-gov"}:  # GovCloud is no part of the commercial US
        scopes -= {"us"}
    return not scopes.isdisjoint(value if isinstance(value, list) else (value,))


def _region_not(value: str | list[str], fact: str) -> bool:
    return not region_in(value, fact)


def whole_day(span: str) -> bool:
    """Whether a span such as `00:00-00:00` starts where it ends: it holds at any hour."""
    start, _, end = span.partition("-")
    return start == end


def _utc_hours(spans: list[str], fact: Instant) -> bool:
    now = fact.time.strftime("%H:%M")
    for span in spans:
        start, _, end = span.partition("-")
        if start == end or (fact.has_hour and (start <= now < end if start < end else now >= start or now < end)):
            return True
    return False


def _weekdays(value: Mapping[str, Any], fact: Instant) -> bool:
    time = fact.time
    if zone := value.get("weekday_timezone"):
        from zoneinfo import ZoneInfo

        time = time.astimezone(ZoneInfo(zone))
    return WEEKDAYS[time.weekday()] in value["weekdays"]


CONDITIONS: dict[str, Condition] = {
    condition.key: condition
    for condition in (
        Condition("prompt_tokens_above", "prompt_tokens", _above, "integer"),
        Condition("prompt_tokens_from", "prompt_tokens", _from, "integer"),
        Condition("service_tier", "service_tier", _equals, "tier"),
        Condition("endpoint", "endpoint", _equals, "text"),
        Condition("region", "region", region_in, "text"),
        Condition("region_not", "region", _region_not, "text"),
        Condition("speed", "speed", _equals, "text"),
        Condition("cache_mode", "cache_mode", _equals, "text"),
        Condition("utc_hours", "instant", _utc_hours, "hours"),
        Condition("weekdays", "instant", _weekdays, "weekdays"),
        Condition("resolution", "resolution", _equals, "text"),
        Condition("search_context_size", "search_context_size", _equals, "text"),
        Condition("results_above", "results", _above, "integer"),
        Condition("video_interval_above", "video_interval", _above, "integer"),
        Condition("image_size", "image_size", _equals, "text"),
        Condition("image_quality", "image_quality", _equals, "text"),
        Condition("steps", "steps", _equals, "text"),
        Condition("commitment", "commitment", _equals, "text"),
    )
}
"""Every key of `when` that decides. `weekday_timezone` besides says on which calendar `weekdays` is read."""

ALWAYS_LISTS = frozenset({"utc_hours", "weekdays"})
"""Keys whose value is a list however short; a list of one text is written as the text elsewhere."""

FACTS: frozenset[str] = frozenset(c.fact for c in CONDITIONS.values()) - {"prompt_tokens", "instant"}
"""What a call may say of itself besides its counts and its time."""


def holds(when: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether every condition of one `when` holds. A fact that is not known meets no condition."""
    for key, value in when.items():
        if key == "weekday_timezone":
            continue
        condition = CONDITIONS[key]
        fact = facts.get(condition.fact)
        if fact is None or not condition.holds(when if key == "weekdays" else value, fact):
            return False
    return True

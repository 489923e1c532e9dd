"""LiteLLM's keys: which offering a key means, where it is deployed, and what price conditions it carries.

A key is `[provider/]name`; before the name stand image quality and size (`azure/hd/1024-x-1024/dall-e-3`), diffusion
steps (`1024-x-1024/50-steps/…`) or a commitment (`bedrock/us-east-1/1-month-commitment/…`): conditions of one offering.
A region before the name (`bedrock/us-east-1/…`, `azure/eu/…`, `us.anthropic.…`) stays part of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from modelry.formats.feed import canonical


class Key(NamedTuple):
    """What a key says. `when` is what it carries of price conditions; `prefixed` whether it names its provider."""

    key: str
    provider: str
    model: str
    region: str | None
    when: Mapping[str, str]
    prefixed: bool


_IMAGE = re.compile(
    r"(?:(?P<image_quality>[a-z]+)/)?(?P<width>\w+)-x-(?P<height>\w+)/(?:(?P<steps>\w+)-steps/)?(?P<name>.+)"
)
_COMMITMENT = re.compile(r"(?P<region>[^/]+)/(?P<commitment>\d+-month)-commitment/(?P<name>.+)")
_AWS_REGION = re.compile(r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)/.+|(?P<scope>[a-z]{2}(?:-gov)?|apac|global)\..+")
_AZURE_REGION = re.compile(r"(?P<region>us|eu|apac|us-gov|global)(?:-standard)?/.+")
_REGIONS = {"bedrock": _AWS_REGION, "bedrock_converse": _AWS_REGION, "bedrock_mantle": _AWS_REGION,
            "azure": _AZURE_REGION}  # fmt: skip


def read_key(key: str, litellm_provider: str | None, providers: Mapping[str, str]) -> Key:
    """Take a key apart. `providers` maps LiteLLM's names of providers to canonical ids."""
    head, slash, _ = key.partition("/")
    if litellm_provider is None:
        litellm_provider = head if slash else "unknown"
    provider = canonical(litellm_provider, providers)
    name, prefixed = _without_prefix(key, provider, providers)
    when: dict[str, str] = {}
    if match := _IMAGE.fullmatch(name):
        when = {"image_size": f"{match['width']}x{match['height']}"}
        when |= {part: match[part] for part in ("image_quality", "steps") if match[part]}
        name = match["name"]
    elif match := _COMMITMENT.fullmatch(name):
        when = {"commitment": match["commitment"]}
        name = match["name"] if match["region"] == "*" else f"{match['region']}/{match['name']}"
    if when and not prefixed:
        name, prefixed = _without_prefix(name, provider, providers)
    return Key(key, provider, name, _region(name, litellm_provider), when, prefixed)


def _without_prefix(name: str, provider: str, providers: Mapping[str, str]) -> tuple[str, bool]:
    head, slash, rest = name.partition("/")
    return (rest, True) if slash and rest and canonical(head, providers) == provider else (name, False)


def _region(name: str, litellm_provider: str) -> str | None:
    pattern = _REGIONS.get(litellm_provider)
    match = pattern.fullmatch(name) if pattern else None
    return (match["region"] or match.groupdict().get("scope")) if match else None

"""LiteLLM's model cost map, read into Models and written back without loss.

Every field of an entry has one of four places: a field of `Model`, the rate card, `extensions["litellm"]` under its own
name, or, where it only says *how* LiteLLM writes something, `extensions["litellm"]["hints"]`. Its key stands there as
`key`. Keys that carry conditions and second keys of the same offering are kept in `hints["keys"]` with what they say
otherwise. Prose (comments, notes) of all these keys stands apart under `prose`: it is not ours to publish.

Prices are USD per unit. Numbers of a parsed JSON text are best Decimals (`json.loads(text, parse_float=Decimal)`);
floats are read as their shortest text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from modelry.capabilities import CAPABILITIES, COMPONENT_OF_MODE, COMPONENTS
from modelry.errors import CatalogRejected
from modelry.formats.feed import in_force, names_of
from modelry.formats.litellm_fields import STEMS, exactly, plainly
from modelry.formats.litellm_from_card import write_prices
from modelry.formats.litellm_names import Key, read_key
from modelry.formats.litellm_to_card import Hints, in_order, read_prices
from modelry.pricing import Override, Pricing
from modelry.records import Modalities, Model, family_of

SOURCE = "litellm"

NOT_MODELS = frozenset({"sample_spec", "fallback_generalizations"})
"""Keys of the map that are about the map."""

_TEXT = {"mode": "mode", "deprecation_date": "deprecation_date"}
_COUNTS = {"max_input_tokens": "max_input_tokens", "max_output_tokens": "max_output_tokens",
           "output_vector_size": "dimensions"}  # fmt: skip
_LISTS = {"supported_regions": "regions", "supported_endpoints": "endpoints"}
_MODALITIES = {"supported_modalities": "input", "supported_output_modalities": "output"}
_CAPABILITY = {capability.litellm: name for name, capability in CAPABILITIES.items() if capability.litellm}
_PROSE = frozenset({"comment", "metadata"})

CARRIED = frozenset({
    *_PROSE, "litellm_provider", "max_tokens", "source",
    # the same price in another unit, allowances, and prices of what is no model
    "input_dbu_cost_per_token", "output_dbu_cost_per_token", "search_free_requests", "guardrail_cost_per_unit",
    # limits and shapes
    "rpm", "tpm", "prompt_cache_min_tokens", "supported_audio_formats", "default_reasoning_effort",
    "reasoning_contexts", "reasoning_effort_levels", "reasoning_modes", "thinking_always_on",
    # how LiteLLM calls and counts
    "audio_transcription_config", "bedrock_converse_supports_strict_tools", "bedrock_output_config_effort_ceiling",
    "gemini_audio_only_live", "gemini_native_audio",
    "token_count_framing", "token_count_model", "token_count_tokenizer",
    "use_openai_responses_path", "uses_embed_content", "vertex_ai_audio_api",
})  # fmt: skip
"""Fields that have no place in a Model and are carried as they are; flags `supports_…` besides."""

_CARRIED_ENTRIES = frozenset({"dashscope_video_reference_input", "volcengine_video_frames", "bedrock_invocation_schema",
                              "minimax_free_input_images"})  # fmt: skip
"""Keys of `provider_specific_entry` that are no prices of one call."""


class _Entry(NamedTuple):
    key: Key
    fields: Mapping[str, Any]


# ---- reading ---------------------------------------------------------------------------------------------------------


def read(
    data: object, *, providers: Mapping[str, str] | None = None, report: list[str] | None = None, prose: bool = True
) -> list[Model]:
    """The offerings of a model cost map, in its order, one for each provider and name.

    `providers` maps LiteLLM's names of providers to canonical ids; without it they are only put in kebab case.
    Where two keys mean one offering, the one that names its provider wins. What `unknown_fields` finds is added to
    `report`. What is published is read with `prose=False`, which forgets the comments. Raises CatalogRejected for
    what is no object.
    """
    groups: dict[tuple[str, str], list[_Entry]] = {}
    for name, fields in _entries(data):
        shown = fields if prose else {field: value for field, value in fields.items() if not _is_prose(field, value)}
        key = read_key(name, fields.get("litellm_provider"), providers or {})
        groups.setdefault((key.provider, key.model), []).append(_Entry(key, shown))
    if report is not None and isinstance(data, Mapping):
        report += [f"{keys[0]}: {field} is not understood" for field, keys in unknown_fields(data).items()]
        report += [f"{key}: is no entry" for key in data if key not in NOT_MODELS and not _is_entry(data[key])]
    return [_offering(entries) for entries in groups.values()]


def _entries(data: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(data, Mapping):
        raise CatalogRejected(SOURCE, "the body is no object")
    for key, fields in data.items():
        if key not in NOT_MODELS and _is_entry(fields):
            yield key, fields


def _is_entry(fields: object) -> bool:
    return isinstance(fields, Mapping) and isinstance(fields.get("litellm_provider", ""), str)


def unknown_fields(data: object) -> dict[str, list[str]]:
    """Fields that are neither read nor known to be carried, each with the keys that have it.

    A field that is known but has a shape or a value that cannot be read stands here too. They all survive a round
    trip, but a price among them is not charged.
    """
    unknown: dict[str, list[str]] = {}
    for key, fields in _entries(data):
        for name in _unknown(_take(fields)[2]):
            unknown.setdefault(name, []).append(key)
    return unknown


def _unknown(left: Mapping[str, Any]) -> Iterator[str]:
    for name, value in left.items():
        if name == "provider_specific_entry" and isinstance(value, Mapping):
            yield from (f"{name}.{key}" for key in value if key not in _CARRIED_ENTRIES)
        elif name not in CARRIED and not (name.startswith("supports_") and isinstance(value, bool)):
            yield name


def _offering(entries: list[_Entry]) -> Model:
    """One Model of all entries that mean it."""
    plain = [entry for entry in entries if not entry.key.when]
    if plain:
        main = next((entry for entry in plain if entry.key.prefixed), plain[0])
        model = _model(main)
    else:
        main = entries[0]
        model = replace(_model(main), pricing=())
        model.extensions[SOURCE].pop("key")  # type: ignore[attr-defined]  # this key is one of several
    others = [entry for entry in entries if entry is not main or not plain]
    return _joined(model, others) if others else model


def _take(fields: Mapping[str, Any]) -> tuple[dict[str, Any], Pricing | None, dict[str, Any], Hints]:
    """An entry's fields of `Model`, its card, the fields that are left, and the hints."""
    card, left, hints = read_prices(fields)
    taken: dict[str, Any] = {}
    for name, field in _TEXT.items():
        if isinstance(left.get(name), str):
            taken[field] = left.pop(name)
    for name, field in _COUNTS.items():
        if _is_count(left.get(name)):
            taken[field] = int(left.pop(name))
    for name, field in _LISTS.items():
        if _is_list(left.get(name)):
            taken[field] = tuple(left.pop(name))
    modalities = {side: tuple(left.pop(name)) for name, side in _MODALITIES.items() if _is_list(left.get(name))}
    if modalities:
        taken["modalities"] = Modalities(**modalities)
    flags = [name for name, value in left.items() if name in _CAPABILITY and isinstance(value, bool)]
    taken["capabilities"] = {_CAPABILITY[name]: left.pop(name) for name in flags}
    return taken, card, left, hints


def _is_count(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and value == int(value)


def _is_prose(name: str, value: object) -> bool:
    """Comments, and a source that is a sentence rather than an address."""
    return name in _PROSE or (name == "source" and isinstance(value, str) and " " in value)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, str) for item in value)


def _model(entry: _Entry) -> Model:
    taken, card, left, hints = _take(entry.fields)
    prose = {name: left.pop(name) for name in list(left) if _is_prose(name, left[name])}
    extension = {"key": entry.key.key, **exactly(left)}
    _read_legacy_limit(taken, extension, hints)
    if hints:
        extension["hints"] = hints
    if prose:
        extension["prose"] = {entry.key.key: exactly(prose)}
    family, components = family_of(taken.get("mode"))
    return Model(
        provider=entry.key.provider,
        model=entry.key.model,
        family=family,
        components=components,
        region=entry.key.region,
        pricing=(card,) if card else (),
        extensions={SOURCE: extension},
        **taken,
    )


def _read_legacy_limit(taken: dict[str, Any], extension: dict[str, Any], hints: Hints) -> None:
    """`max_tokens` says a limit only where neither real limit is given; it is written back where it came from."""
    if _is_count(extension.get("max_tokens")) and not taken.keys() & {"max_input_tokens", "max_output_tokens"}:
        makes_text = family_of(taken.get("mode"))[0] == "gen"
        hints["limit"] = "max_output_tokens" if makes_text else "max_input_tokens"
        taken[hints["limit"]] = int(extension["max_tokens"])


def _joined(model: Model, others: list[_Entry]) -> Model:
    """The model with the further keys of its offering: those that carry conditions become overrides."""
    overrides: list[Override] = []
    keys: dict[str, dict[str, Any]] = {}
    seen: list[Mapping[str, str]] = []
    second: list[tuple[Key, Model, dict[str, Any]]] = []
    for entry in others:
        one = _model(entry)
        kept: dict[str, Any] = {}
        if entry.key.when:
            kept["when"] = dict(entry.key.when)
            if hints := one.extensions[SOURCE].get("hints"):
                kept["hints"] = hints
            if entry.key.when not in seen:
                seen.append(entry.key.when)
                overrides += _conditional(one, entry.key.when)
        keys[entry.key.key] = kept
        second.append((entry.key, one, kept))
    if overrides:
        base = model.pricing[0] if model.pricing else Pricing({})
        model = replace(model, pricing=(base._replace(overrides=in_order([*base.overrides, *overrides])),))
    for key, one, kept in second:
        differs = _difference(_written(one), _written_under(model, key.key, kept, _only_card(model)))
        if differs:
            kept["differs"] = exactly(differs)
    extension = {**model.extensions[SOURCE]}
    extension["hints"] = {**extension.get("hints", {}), "keys": keys}
    prose: dict[str, Any] = {**extension.get("prose", {})}
    for _, one, _ in second:
        prose |= one.extensions[SOURCE].get("prose", {})
    if prose:
        extension["prose"] = prose
    return replace(model, extensions={SOURCE: extension})


def _conditional(model: Model, condition: Mapping[str, str]) -> Iterator[Override]:
    for card in model.pricing:
        yield Override((dict(condition),), card.rates)
        for override in card.overrides:
            yield override._replace(when=tuple({**condition, **when} for when in override.when))


def _difference(fields: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """What to change in `written` to get `fields`, prose apart; None takes a field away."""
    changed = {name: value for name, value in fields.items() if name not in written or written[name] != value}
    changed |= {name: None for name in written if name not in fields}
    return {name: value for name, value in changed.items() if not _is_prose(name, value)}


# ---- writing ---------------------------------------------------------------------------------------------------------


def write(
    models: Iterable[Model],
    report: list[str] | None = None,
    *,
    providers: Mapping[str, str] | None = None,
    day: str | None = None,
) -> dict[str, Any]:
    """A model cost map of these models, with `sample_spec`, sorted by key.

    Prices are those of the card that holds on `day` (YYYY-MM-DD; None is today). A model without a LiteLLM key is
    written under LiteLLM's name of its provider, and left out where `providers`, the mapping that `read` takes, has
    none. What the map cannot say is added to `report`.
    """
    entries: dict[str, Any] = {}
    losses: list[str] = [] if report is None else report
    names = names_of(providers or {})
    for model in models:
        extension = model.extensions.get(SOURCE, {})
        keys = extension.get("hints", {}).get("keys", {})
        card, lost = _card_on(model, day)
        if key := extension.get("key"):
            entries[key] = _entry(model, card, extension, lost)
        elif name := None if keys else names.get(model.provider):
            entries[f"{name}/{model.model}"] = _entry(model, card, {"litellm_provider": name}, lost)
        elif not keys:
            losses.append(f"{model.id}: has no LiteLLM name")
            continue
        for key, kept in keys.items():
            entries[key] = _written_under(model, key, kept, card)
        losses += [f"{model.id}: no LiteLLM word for {what}" for what in (*lost, *_without_word(model))]
    return {"sample_spec": sample_spec(), **dict(sorted(entries.items()))}


def _card_on(model: Model, day: str | None) -> tuple[Pricing | None, list[str]]:
    if len(model.pricing) == 1 and not model.pricing[0].effective_from:
        return model.pricing[0], []
    return in_force(model, day), ["prices of other days"] if model.pricing else []


_NO_WORD = ("context", "release_date", "knowledge_cutoff", "open_weights", "license", "replaced_by")


def _without_word(model: Model) -> Iterator[str]:
    yield from (field for field in _NO_WORD if getattr(model, field) is not None)
    yield from (f"the capability {name}" for name in model.capabilities if not CAPABILITIES[name].litellm)


def _written(model: Model) -> dict[str, Any]:
    """The entry of a model as it was read, under its own key."""
    return _entry(model, _only_card(model), model.extensions[SOURCE], [])


def _only_card(model: Model) -> Pricing | None:
    return model.pricing[0] if model.pricing else None


def _written_under(model: Model, key: str, kept: Mapping[str, Any], card: Pricing | None) -> dict[str, Any]:
    """The entry of a model under a further key."""
    extension = {**model.extensions[SOURCE], "key": key}
    if condition := kept.get("when"):
        extension["hints"] = kept.get("hints", {})
        card = _under(card, condition) if card else None
    fields = _entry(model, card, extension, []) | plainly(kept.get("differs", {}))
    return {name: value for name, value in fields.items() if value is not None}


def _under(card: Pricing, condition: Mapping[str, str]) -> Pricing | None:
    """The part of a card that holds under the condition that a key carries."""
    rates: Mapping[str, Any] = {}
    overrides = []
    for override in card.overrides:
        if all(when.items() >= condition.items() for when in override.when):
            rest = tuple({key: when[key] for key in when if key not in condition} for when in override.when)
            if rest == ({},):
                rates = override.rates
            else:
                overrides.append(override._replace(when=rest))
    return Pricing(rates, tuple(overrides), card.currency, source=card.source)


_KEY_CONDITIONS = frozenset({"image_size", "image_quality", "steps", "commitment"})


def _without_key_conditions(card: Pricing) -> Pricing:
    """The card without what other keys say."""
    overrides = [o for o in card.overrides if not all(when.keys() & _KEY_CONDITIONS for when in o.when)]
    return card if len(overrides) == len(card.overrides) else card._replace(overrides=tuple(overrides))


def _entry(model: Model, card: Pricing | None, extension: Mapping[str, Any], lost: list[str]) -> dict[str, Any]:
    hints = extension.get("hints", {})
    legacy = hints.get("limit")
    fields = {name: value for name, value in extension.items() if name not in ("key", "hints", "prose")}
    fields |= extension.get("prose", {}).get(extension.get("key"), {})
    fields |= {name: getattr(model, field) for name, field in (_TEXT | _COUNTS).items() if field != legacy}
    fields |= {name: list(getattr(model, field)) or None for name, field in _LISTS.items()}
    if model.modalities:
        fields |= {name: list(getattr(model.modalities, side)) or None for name, side in _MODALITIES.items()}
    fields |= {word: can for name, can in model.capabilities.items() if (word := CAPABILITIES[name].litellm)}
    if legacy:
        fields["max_tokens"] = getattr(model, legacy)
    if fields["mode"] is None and model.components and "key" not in extension:
        fields["mode"] = COMPONENTS[model.components[0]].modes[0]
    written: dict[str, Any] = plainly({name: value for name, value in fields.items() if value is not None})
    if card:
        prices, losses = write_prices(_without_key_conditions(card), extension.get("litellm_provider", ""), hints)
        specific = written.get("provider_specific_entry", {}) | prices.pop("provider_specific_entry", {})
        written |= prices
        if specific:
            written["provider_specific_entry"] = specific
        lost += losses
    return written


def sample_spec() -> dict[str, Any]:
    """The map's description of itself: every field that `write` may write, with a value of its kind."""
    return {
        "litellm_provider": "the provider that serves the model, in LiteLLM's word",
        "mode": f"one of: {', '.join(COMPONENT_OF_MODE)}",
        "max_input_tokens": "the longest input, in tokens",
        "max_output_tokens": "the longest output, in tokens",
        "output_vector_size": "the length of an embedding vector",
        "deprecation_date": "the day from which it is served no more, YYYY-MM-DD",
        **{name: [] for name in (*_LISTS, *_MODALITIES)},
        **dict.fromkeys(STEMS, 0.0),
        **dict.fromkeys(_CAPABILITY, True),
    }

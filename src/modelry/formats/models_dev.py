"""models.dev's api.json: provider → its models, with costs in USD per 1,000,000 tokens.

`tiers` is the present form of long-context prices; `context_over_200k` is a legacy view of the last tier and names
its threshold wrongly where that is another. A tier says what it changes; the rest of the base price stays.
What a model entry says and `Model` has no field for is kept by value in `extensions["models_dev"]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelry.capabilities import CAPABILITIES
from modelry.conditions import SERVICE_TIERS
from modelry.formats.feed import Notes, canonical, in_force, names_of, per_unit, per_units, price_of, seen, told, use
from modelry.meters import METERS
from modelry.pricing import Override, Pricing, Rate
from modelry.records import Modalities, Model, Provider

SOURCE = "models_dev"
PER = 1_000_000
"""How many tokens a cost is for."""

WORDS: dict[str, str] = {meter.models_dev: meter.name for meter in METERS.values() if meter.models_dev}
"""Meter by models.dev's cost key."""

FIELDS = {
    "name": "display_name",
    "release_date": "release_date",
    "knowledge": "knowledge_cutoff",
    "open_weights": "open_weights",
}
LIMITS = {"context": "context", "input": "max_input_tokens", "output": "max_output_tokens"}
FLAGS = {capability.models_dev: capability.name for capability in CAPABILITIES.values() if capability.models_dev}
STATUSES = {"alpha": "preview", "beta": "preview", "deprecated": "deprecated"}
REQUIRED = ("name", "attachment", "reasoning", "tool_call", "release_date", "last_updated", "open_weights")
"""What models.dev's own schema demands of every model, besides modalities and limits."""

_LEGACY = "context_over_200k"
_LEGACY_SIZE = 200_000
_PROSE = ("description",)
# `id` and `provider_id` are told by Model itself; the others are put back where they came from, part by part.
_OURS = ("provider_id", "status", "limit", "cost", "experimental")


def read(data: object, *, providers: Mapping[str, str], report: list[str] | None = None) -> list[Model]:
    """The models of api.json, in its order.

    `providers` maps models.dev's provider names to canonical ids. A cost key, tier or mode that nobody here
    understands is added to `report` by name and kept in the extension; without a report it raises CatalogRejected.
    Two names of one provider may give two models of one id: the first in the feed comes first.
    """
    note = Notes(SOURCE, report)
    names = names_of(providers)

    def models(name: str, provider: Mapping[str, Any]) -> list[Model]:
        own = canonical(name, providers)
        hint = {} if names.get(own, own) == name else {"provider_id": name}

        def model(key: str, entry: Mapping[str, Any]) -> Model:
            return _model(own, key, entry, hint, note, f"{name}/{key}")

        return list(note.each(f"{name}/", provider["models"].items(), model))

    return [model for group in note.each("", note.whole(data).items(), models) for model in group]


def _model(provider: str, key: str, entry: Mapping[str, Any], hint: dict[str, Any], note: Notes, where: str) -> Model:
    rest = told(entry, ("modalities", "cost", *_PROSE))
    if rest.get("id") == key:
        del rest["id"]
    fields = {field: rest.pop(word) for word, field in FIELDS.items() if rest.get(word) is not None}
    listed = entry.get("modalities") or {}
    modalities = Modalities(input=tuple(listed.get("input") or ()), output=tuple(listed.get("output") or ()))
    flags = {FLAGS[word]: rest.pop(word) for word in FLAGS if isinstance(rest.get(word), bool)}
    limits = _limits(rest)
    status = STATUSES.get(rest.get("status", ""))
    if status and rest["status"] != _written_status(status):
        hint = {**hint, "status": rest["status"]}
    if status:
        del rest["status"]
    card, unread = _card(entry.get("cost"), rest, note, where)
    if unread:
        rest["cost"] = unread
    talks = bool(flags.get("tools") or flags.get("reasoning")) and "embed" not in (rest.get("family") or "")
    extension = rest | hint
    return Model(
        provider=provider,
        model=key,
        modalities=modalities,
        capabilities=flags | seen(modalities),
        pricing=(card,) if card else (),
        status=status,
        extensions={SOURCE: extension} if extension else {},
        **fields,
        **limits,
        **use(modalities, talks=talks),
    )


def _limits(rest: dict[str, Any]) -> dict[str, Any]:
    """The limits that say something: 0 stands for "does not apply" or "unknown" and stays in the extension."""
    limit = rest.pop("limit", None) or {}
    unsaid = {word: value for word, value in limit.items() if word not in LIMITS or not value}
    if unsaid:
        rest["limit"] = unsaid
    return {LIMITS[word]: value for word, value in limit.items() if word not in unsaid}


def _card(
    cost: Mapping[str, Any] | None, rest: dict[str, Any], note: Notes, where: str
) -> tuple[Pricing | None, dict[str, Any]]:
    """The rate card, and what of the cost could not be read. Modes are taken out of `rest["experimental"]`."""
    rates, unread = _rates(cost or {}, note, where, besides=("tiers", _LEGACY))
    overrides = _modes(rest, note, where)
    for tier in _tiers(cost or {}, note, where):
        size = (tier.get("tier") or {}).get("size")
        if (tier.get("tier") or {}).get("type") != "context" or not isinstance(size, int):
            note(where, f"tier {tier.get('tier')!r} is no threshold of context tokens")
            unread.setdefault("tiers", []).append(tier)
            continue
        tier_rates, unknown = _rates(tier, note, where, besides=("tier",))
        if unknown:
            unread.setdefault("tiers", []).append({"tier": tier["tier"], **unknown})
        overrides.append(Override(({"prompt_tokens_above": size},), tier_rates))
    return (Pricing(rates, tuple(overrides)) if rates or overrides else None), unread


def _tiers(cost: Mapping[str, Any], note: Notes, where: str) -> Sequence[Mapping[str, Any]]:
    legacy = cost.get(_LEGACY)
    if tiers := cost.get("tiers"):
        _rates(legacy or {}, note, where)  # told if misspelled, else another view of a tier
        return sorted(tiers, key=lambda tier: (tier.get("tier") or {}).get("size") or 0)
    return [{**legacy, "tier": {"type": "context", "size": _LEGACY_SIZE}}] if legacy else []


def _rates(
    cost: Mapping[str, Any], note: Notes, where: str, besides: Sequence[str] = ()
) -> tuple[dict[str, Rate], dict[str, Any]]:
    """USD per token by meter, and what has no meter or is no number."""
    rates: dict[str, Rate] = {}
    unread = {}
    for key, value in cost.items():
        if key in besides:
            continue
        try:
            rates[WORDS[key]] = per_unit(price_of(value), PER)
        except KeyError:
            note(where, f"cost key {key!r} has no meter")
            unread[key] = value
        except ValueError as error:
            note(where, f"cost {key!r}: {error}")
            unread[key] = value
    return rates, unread


def _modes(rest: dict[str, Any], note: Notes, where: str) -> list[Override]:
    """The prices of `experimental.modes`; what else a mode says (its request body and headers) stays in `rest`.

    They stand before the tiers: a long-context price holds in a mode that has none of its own.
    """
    modes = (rest.get("experimental") or {}).get("modes") or {}
    overrides = []
    kept = {}
    for name, mode in modes.items():
        when = _mode_when(name, (mode.get("provider") or {}).get("body") or {})
        rates, unread = _rates(mode.get("cost") or {}, note, where)
        if not when and mode.get("cost"):
            note(where, f"mode {name!r} says neither a speed nor a known service tier")
            kept[name] = dict(mode)
            continue
        if rates:
            overrides.append(Override((when,), rates))
        kept[name] = told(mode, ("cost",)) | ({"cost": unread} if unread else {})
    if modes:
        rest["experimental"] = {**rest["experimental"], "modes": kept}
    return overrides


def _mode_when(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The condition of a mode: what its request body asks for, else its name where that is `fast`."""
    if body.get("service_tier") in SERVICE_TIERS:
        return {"service_tier": body["service_tier"]}
    if speed := body.get("speed") or ("fast" if name == "fast" and "service_tier" not in body else None):
        return {"speed": speed}
    return {}


def write(
    models: Sequence[Model],
    report: list[str] | None = None,
    *,
    providers: Mapping[str, str] | None = None,
    manifests: Mapping[str, Provider] | None = None,
    day: str | None = None,
) -> dict[str, Any]:
    """api.json of these models, with the card that holds on `day` (YYYY-MM-DD; None is today).

    `providers` is the mapping that `read` takes; `manifests` by canonical id give the providers' own fields.
    What models.dev cannot say of a model is added to `report`.
    """
    losses: list[str] = [] if report is None else report
    names = names_of(providers or {})
    data: dict[str, Any] = {}
    for model in models:
        name = model.extensions.get(SOURCE, {}).get("provider_id") or names.get(model.provider, model.provider)
        if name not in data:
            data[name] = {"id": name, **_provider((manifests or {}).get(model.provider)), "models": {}}
        if model.model in data[name]["models"]:
            losses.append(f"{model.id}: stands twice under {name}")
            continue
        data[name]["models"][model.model] = _entry(model, day, losses)
    return data


_PROVIDER_FIELDS = {"name": "name", "env": "env", "api": "base_url", "doc": "docs"}


def _provider(manifest: Provider | None) -> dict[str, Any]:
    values = {word: getattr(manifest, field, None) for word, field in _PROVIDER_FIELDS.items()}
    return {word: list(value) if word == "env" else value for word, value in values.items() if value}


def _written_status(status: str | None) -> str | None:
    return {"preview": "beta", "deprecated": "deprecated", "retired": "deprecated"}.get(status or "")


def _entry(model: Model, day: str | None, losses: list[str]) -> dict[str, Any]:
    kept = model.extensions.get(SOURCE, {})
    entry: dict[str, Any] = {"id": model.model, **told(kept, _OURS)}
    entry |= {word: getattr(model, field) for word, field in FIELDS.items() if getattr(model, field) is not None}
    entry |= {word: model.capabilities[name] for word, name in FLAGS.items() if name in model.capabilities}
    modalities = model.modalities or Modalities()
    entry["modalities"] = {"input": list(modalities.input), "output": list(modalities.output)}
    limits = {word: getattr(model, field) for word, field in LIMITS.items()}
    entry["limit"] = kept.get("limit", {}) | {word: limit for word, limit in limits.items() if limit is not None}
    status = kept.get("status") if STATUSES.get(kept.get("status", "")) == model.status else None
    if status := status or _written_status(model.status):
        entry["status"] = status
    entry |= _costs(model, in_force(model, day), kept, losses)
    losses.extend(f"{model.id}: {word} is unknown" for word in REQUIRED if word not in entry)
    return entry


def _costs(model: Model, card: Pricing | None, kept: Mapping[str, Any], losses: list[str]) -> dict[str, Any]:
    """`cost` and `experimental` of one card."""
    if len(model.pricing) > 1:
        losses.append(f"{model.id}: only the price in force is said, not its history")
    cost = _plain(model, card.rates, losses) if card else {}
    tiers = []
    experimental = {**kept.get("experimental", {})}
    if card and card.currency != "USD":
        losses.append(f"{model.id}: the price is in {card.currency}")
        card, cost = None, {}
    for override in card.overrides if card else ():
        when = dict(override.when[0]) if len(override.when) == 1 else {}
        size = when.pop("prompt_tokens_above", None) or when.get("prompt_tokens_from")
        if override.replace or override.multiply is not None or not (size or when) or (size and when.keys() - _FROM):
            losses.append(f"{model.id}: no word for a price {list(override.when)}")
        elif size:
            if when:
                losses.append(f"{model.id}: a tier from {size} tokens is said as one above")
            tiers.append({**_plain(model, override.rates, losses), "tier": {"type": "context", "size": size}})
        elif (name := _mode_of(when, experimental)) is None:
            losses.append(f"{model.id}: no word for a price {list(override.when)}")
        else:
            modes = experimental.get("modes", {})
            mode = modes.get(name) or {"provider": {"body": when}}
            said = _plain(model, override.rates, losses) | mode.get("cost", {})
            experimental = {**experimental, "modes": {**modes, name: {**mode, "cost": said}}}
    if tiers:
        cost["tiers"] = tiers
        if len(tiers) == 1 and tiers[0]["tier"]["size"] >= _LEGACY_SIZE:
            cost[_LEGACY] = told(tiers[0], ("tier",))
    cost |= _unread(kept.get("cost", {}), cost)
    return ({"cost": cost} if cost else {}) | ({"experimental": experimental} if experimental else {})


_FROM = {"prompt_tokens_from"}


def _unread(unread: Mapping[str, Any], cost: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a cost that was not understood, put back; a tier's part into that tier."""
    tiers = list(cost.get("tiers", ()))
    for part in unread.get("tiers", ()):
        index = next((i for i, tier in enumerate(tiers) if tier["tier"] == part["tier"]), None)
        if index is None:
            tiers.append(part)
        else:
            tiers[index] = tiers[index] | part
    return {**unread, **({"tiers": tiers} if tiers else {})}


def _mode_of(when: Mapping[str, Any], experimental: Mapping[str, Any]) -> str | None:
    """The mode that a condition is said by: one that the entry has, or `fast` for a speed or priority."""
    for name, mode in experimental.get("modes", {}).items():
        if _mode_when(name, (mode.get("provider") or {}).get("body") or {}) == when:
            return str(name)
    taken = "fast" in experimental.get("modes", {})
    return "fast" if when in ({"speed": "fast"}, {"service_tier": "priority"}) and not taken else None


_WORD_OF = {meter: word for word, meter in WORDS.items()}


def _plain(model: Model, rates: Mapping[str, Rate], losses: list[str]) -> dict[str, Any]:
    """Rates in models.dev's words and unit; meters without a word are told."""
    cost: dict[str, Any] = {}
    for meter, rate in rates.items():
        try:
            cost[_WORD_OF[meter]] = per_units(rate, PER)
        except KeyError:
            losses.append(f"{model.id}: no word for {meter}")
        except ValueError as error:
            losses.append(f"{model.id}: {meter}: {error}")
    return cost

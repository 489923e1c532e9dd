"""The registry's own form, as people write it: family files (`models/<series>.yaml`) and provider manifests.

What is written here, `authoring.load` reads back as the same models. An entry says nothing that its place in the file or
its provider's manifest says already.
"""

from __future__ import annotations

import errno
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from modelry.atomic import write_whole
from modelry.authoring.load import load
from modelry.authoring.schema import RENAMED
from modelry.jsontext import plain
from modelry.pricing import Pricing
from modelry.records import Model, Provider, family_of

_WORD = {field: word for word, field in RENAMED.items()}

# The fields of an entry in their order; lists stand in one line.
_FIRST = ("display_name", "model_id", "base_model", "mode", "context", "max_input_tokens", "max_output_tokens",
          "dimensions", "components", "aliases", "region", "base_url", "notes", "regions", "endpoints")  # fmt: skip
_LATER = ("release_date", "knowledge_cutoff", "status", "deprecation_date", "replaced_by", "open_weights", "license")
_DATES = ("release_date", "knowledge_cutoff", "deprecation_date")
_NEW_YEAR = "YYYY-01-01"
_UNSAID = ("unit", "missing_since", "extensions")
"""Fields that the build works out, or that stand in the feeds' claims."""


# ---- the text --------------------------------------------------------------------------------------------------------


class _Dumper(yaml.CSafeDumper):
    """Mappings in the order given, Decimals as plain numbers, short lists in one line, nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


class _Flow(list[Any]):
    """A list written in one line."""


class _FlowMap(dict[str, Any]):
    """A mapping written in one line."""


_ANOTHER_TYPE = re.compile(r"[\d.:eE+-]+|on|off|yes|no|null|true|false|~|", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.Node:
    """Text that other readers would take for a number or a yes stands in quotes."""
    quoted = _ANOTHER_TYPE.fullmatch(value) and not _DAY.fullmatch(value)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if quoted else None)


def _number(dumper: yaml.CSafeDumper, value: Decimal) -> yaml.Node:
    kind = "int" if value == value.to_integral() else "float"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", plain(value))


_Dumper.add_representer(Decimal, _number)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Flow, lambda d, v: d.represent_sequence("tag:yaml.org,2002:seq", v, flow_style=True))
_Dumper.add_representer(_FlowMap, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v.items(), flow_style=True))


def _dumped(data: Mapping[str, Any], *, unicode: bool = True) -> str:
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=unicode)
    return text


def family(
    series: str | None,
    entries: Mapping[str, Mapping[str, Any]],
    *,
    updated: str | None = None,
    sources: Iterable[str] = (),
) -> str:
    """The text of a family file: entries by key, the day on which it was looked at, what it was made from."""
    of = f"The {series} series" if series else "Models of several series"
    head = {name: value for name, value in (("updated", updated), ("sources", list(sources))) if value}
    return (
        f"# {of}. Prices are per unit (per token, per image, ...) in the card's currency, USD where none is named.\n"
        + (_dumped(head, unicode=False) if head else "")
        + _dumped({"models": dict(entries)})
    )


def entry(model: Model, beside: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A model as its entry, `provider` first, with what stands `beside` it (updated, source) last."""
    written: dict[str, Any] = {"provider": model.provider}
    written |= {_WORD.get(name, name): value for name in _FIRST if (value := _said(model, name)) is not None}
    if model.modalities:
        sides = {side: _Flow(kinds) for side in ("input", "output") if (kinds := getattr(model.modalities, side))}
        written["modalities"] = _FlowMap(sides)
    if model.capabilities:
        can = model.capabilities
        written["capabilities"] = _Flow(can) if all(can.values()) else _FlowMap(can)
    written |= {name: value for name in _LATER if (value := _said(model, name)) is not None}
    if model.verification:
        said = {name: value for name, value in asdict(model.verification).items() if value}
        written["verification"] = {n: _Flow(v) if isinstance(v, list | tuple) else v for n, v in said.items()}
    if model.pricing:
        cards = [_card(card) for card in model.pricing]
        written["pricing"] = cards[0] if len(cards) == 1 else cards
    return written | dict(beside or {})


def _said(model: Model, name: str) -> Any:
    """What an entry says of a field; None where it need not."""
    value = getattr(model, name)
    if (name == "mode" and value == "chat" and model.capabilities.get("chat")) or (
        name == "components" and tuple(value) == family_of(model.mode)[1]
    ):
        return None
    if (name in _DATES and not _is_date(value)) or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, list | tuple):
        return _Flow(value) if value else None
    return value


def _is_date(value: str | None) -> bool:
    """Whether the reader takes it: feeds hold days such as 2025-02-31."""
    try:
        return bool(date.fromisoformat(value + _NEW_YEAR[len(value) :])) if value else False
    except ValueError:
        return False


def implied_base(model: Model, manifest: Provider | None) -> str | None:
    """The `base_model` of an entry that names none: a maker's own, at the maker."""
    return f"{manifest.maker}/{model.model}" if manifest and manifest.maker and not manifest.resells else None


def _card(card: Pricing) -> dict[str, Any]:
    """A rate card; USD goes without saying."""
    written = {key: value for key, value in card.to_dict().items() if not (key == "currency" and value == "USD")}
    for override in written.get("overrides", ()):
        when = override["when"]
        override["when"] = [_when(each) for each in when] if isinstance(when, list) else _when(when)
    return written


def _when(when: Mapping[str, Any]) -> dict[str, Any]:
    return _FlowMap({key: _Flow(value) if isinstance(value, list) else value for key, value in when.items()})


def manifest(provider: Provider) -> str:
    """The text of a provider's manifest."""
    return _dumped({name: _plainly(value) for name, value in provider.to_dict().items()})


def _plainly(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plainly(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plainly(part) for part in value] if any(isinstance(part, Mapping) for part in value) else _Flow(value)
    return value


# ---- reading and writing ---------------------------------------------------------------------------------------------


def read(path: Path, *, manifests: Iterable[Provider] = ()) -> list[Model]:
    """The models of a registry's folder; or of one family file, whose name is their series, with these `manifests`.

    Raises InvalidRegistry with every problem.
    """
    if path.is_dir():
        return [entry.model for entry in load(path).entries]
    with TemporaryDirectory() as folder:
        (models := Path(folder) / "v1" / "models").mkdir(parents=True)
        shutil.copyfile(path, models / f"{path.stem}.yaml")
        _write_manifests(Path(folder) / "v1", manifests)
        return [entry.model for entry in load(Path(folder) / "v1").entries]


def write(
    models: Iterable[Model], report: list[str] | None = None, *, manifests: Mapping[str, Provider] | None = None
) -> str:
    """One family file of these models, by `provider/name`. The series is the file's name, which is not told in it.

    `manifests` by canonical id say what an entry need not. What the file cannot say is added to `report`.
    """
    losses: list[str] = [] if report is None else report
    models = list(models)
    named = {model.series for model in models}
    if len(named) > 1:
        losses += [f"{model.id}: no word for series beside another" for model in models if model.series]
    return _family(next(iter(named)) if len(named) == 1 else None, models, manifests or {}, losses)


def write_folder(
    folder: Path, models: Iterable[Model], report: list[str] | None = None, *, manifests: Iterable[Provider]
) -> list[Path]:
    """A new registry: `models/<series>.yaml` and `providers/<id>.yaml`; `Registry.open` reads it. Returns what it wrote.

    A model without a series stands in its provider's file. Raises FileExistsError where the folder holds YAML already.
    """
    if any(folder.glob("*/*.yaml")):
        raise FileExistsError(errno.EEXIST, "holds YAML already; name a new folder", str(folder))
    losses: list[str] = [] if report is None else report
    known = {manifest.id: manifest for manifest in manifests}
    families: dict[str, list[Model]] = defaultdict(list)
    for model in models:
        if not model.series:
            losses.append(f"{model.id}: no word for having no series")
        families[_file_name(model.series or model.provider)].append(model)
        known.setdefault(model.provider, Provider(id=model.provider, name=model.provider))
    written = []
    for series, members in sorted(families.items()):
        written.append(folder / "models" / f"{series}.yaml")
        write_whole(written[-1], _family(series, members, known, losses).encode())
    return [*written, *_write_manifests(folder, known.values())]


def _file_name(name: str) -> str:
    """A name that is a file's and nothing else."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip(".-") or "models"


def _write_manifests(folder: Path, manifests: Iterable[Provider]) -> list[Path]:
    texts = {folder / "providers" / f"{_file_name(each.id)}.yaml": manifest(each) for each in manifests}
    for path, text in texts.items():
        write_whole(path, text.encode())
    return list(texts)


def _family(series: str | None, models: Iterable[Model], manifests: Mapping[str, Provider], losses: list[str]) -> str:
    entries: dict[str, dict[str, Any]] = {}
    for model in models:
        implied = implied_base(model, manifests.get(model.provider))
        losses += [f"{model.id}: {what}" for what in _without_word(model, implied)]
        written = entry(model, {"updated": model.last_updated} if model.last_updated else {})
        if model.base_model == implied:
            written.pop("base_model", None)
        del written["provider"]
        entries[model.id] = written
    return family(series, entries)


def _without_word(model: Model, implied: str | None) -> Iterator[str]:
    yield from (f"no word for {name}" for name in _UNSAID if getattr(model, name))
    yield from (f"{value} is no date" for name in _DATES if (value := getattr(model, name)) and not _is_date(value))
    if model.mode is None and model.capabilities.get("chat"):
        yield "no word for having no mode, which is chat"
    elif not model.components and family_of(model.mode)[1]:
        yield "no word for having no components"
    if model.base_model is None and implied:
        yield "no word for having no base_model"

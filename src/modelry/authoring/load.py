"""Read a `v1/` folder: every manifest and every family file, all problems told at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from modelry.authoring import kinds, schema, validate
from modelry.authoring.text import Document, read
from modelry.errors import InvalidRegistry, Problem
from modelry.meters import METERS
from modelry.pricing import Pricing
from modelry.records import DefaultRate, Listing, Modalities, Model, Provider, Rule, Verification, family_of


class Entry(NamedTuple):
    """A model of the registry, the day on which its file last looked at it, and where it stands."""

    model: Model
    updated: str | None
    document: Document
    key: str

    def problem(self, message: str, *place: str | int, hint: str = "") -> Problem:
        """A mistake at a part of this entry."""
        return self.document.problem(message, "models", self.key, *place, hint=hint)


class Authored(NamedTuple):
    """What a `v1/` folder says."""

    providers: Sequence[Provider]
    entries: Sequence[Entry]


def load(folder: Path) -> Authored:
    """Read `folder` (`models/*.yaml`, `providers/*.yaml`); raises InvalidRegistry with every problem of every file."""
    problems: list[Problem] = []
    providers = list(_providers(folder, problems))
    entries = list(_entries(folder, [provider for provider, _ in providers], problems))
    problems += validate.problems(providers, entries)
    _refuse(problems)
    return Authored([provider for provider, _ in providers], entries)


def load_providers(folder: Path) -> list[Provider]:
    """The manifests alone; raises InvalidRegistry with every problem of theirs."""
    problems: list[Problem] = []
    providers = list(_providers(folder, problems))
    problems += validate.provider_problems(providers)
    _refuse(problems)
    return [provider for provider, _ in providers]


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidRegistry(sorted(problems, key=lambda problem: (problem.path, problem.line)))


def _documents(folder: Path, kind: str, problems: list[Problem]) -> Iterator[tuple[str, Document]]:
    shown = f"{folder.name}/{kind}"
    try:
        names = sorted(path.name for path in (folder / kind).iterdir() if not path.name.startswith("."))
    except OSError as error:
        problems.append(Problem(shown, 1, f"cannot be read: {error.strerror}", "is this the folder of a registry?"))
        return
    if not any(name.endswith(".yaml") for name in names):
        problems.append(Problem(shown, 1, "holds no .yaml file", "is this the folder of a registry?"))
    for name in names:
        stem, _, ending = name.rpartition(".")
        if ending == "yaml":
            if document := read(folder / kind / name, f"{shown}/{name}", problems):
                yield stem, document
        elif ending.lower() in ("yml", "yaml"):
            problems.append(Problem(f"{shown}/{name}", 1, "is not read", f"name it {stem}.yaml"))


def _providers(folder: Path, problems: list[Problem]) -> Iterator[tuple[Provider, Document]]:
    for stem, document in _documents(folder, "providers", problems):
        try:
            form = schema.manifest_form().model_validate(document.data)
        except ValidationError as error:
            problems += _told(document, error, schema.manifest_form())
            continue
        provider = _provider(form)
        if provider.id != stem:
            problems.append(document.problem(f"id {provider.id!r} is not the file's name", "id", hint=f"write {stem}"))
        yield provider, document


def _provider(form: BaseModel) -> Provider:
    said = _said(form)
    said["rules"] = [rule if isinstance(rule, str) else Rule(**_said(rule)) for rule in said.get("rules", ())]
    said["default_rates"] = {meter: DefaultRate(**rate) for meter, rate in said.get("default_rates", {}).items()}
    if "listing" in said:
        said["listing"] = Listing(**_said(said["listing"]))
    return Provider(**said)


def _said(form: Any) -> dict[str, Any]:
    """What a form says, null being nothing."""
    told = form if isinstance(form, dict) else form.model_dump(exclude_unset=True)
    return {word: value for word, value in told.items() if value is not None}


def _entries(folder: Path, providers: list[Provider], problems: list[Problem]) -> Iterator[Entry]:
    makers = {provider.id: provider.maker for provider in providers if not provider.resells}
    spellings = {spelling: provider.id for provider in providers for spelling in provider.spellings}
    for path in (folder / "providers").glob("*.yaml"):  # a manifest that is wrong itself is no unknown provider
        spellings.setdefault(path.stem, path.stem)
    for stem, document in _documents(folder, "models", problems):
        try:
            family: Any = schema.family_form().model_validate(document.data)
        except ValidationError as error:
            problems += _told(document, error, schema.family_form())
            continue
        for key, form in family.models.items():
            provider, name = _key(key, form.provider, spellings)
            if provider is None or provider.lower() not in spellings:
                problems.append(_unknown_provider(document, key, provider, spellings))
            elif not name:
                hint = f"write {provider}/ and the model's name"
                problems.append(document.problem(f"{key!r} names no model", "models", key, hint=hint))
            else:
                provider = spellings[provider.lower()]
                model = _model(provider, name, form, stem, makers.get(provider))
                yield Entry(model, form.updated or family.updated, document, key)


def _key(key: str, provider: str | None, spellings: dict[str, str]) -> tuple[str | None, str]:
    head, slash, tail = key.partition("/")
    if provider is None:
        return (head, tail) if slash else (None, key)
    meant = spellings.get(head.lower())
    return provider, tail if slash and meant and meant == spellings.get(provider.lower()) else key


def _unknown_provider(document: Document, key: str, provider: str | None, spellings: dict[str, str]) -> Problem:
    if provider is None:
        hint = "write provider: … or the key as provider/name"
        return document.problem(f"{key!r} names no provider", "models", key, hint=hint)
    near = get_close_matches(provider.lower(), spellings, n=1)
    hint = f"did you mean {near[0]}?" if near else f"add v1/providers/{provider}.yaml"
    return document.problem(f"no provider is called {provider!r}", "models", key, "provider", hint=hint)


def _model(provider: str, name: str, form: BaseModel, series: str, maker: str | None) -> Model:
    said = form.model_dump(
        exclude_unset=True, exclude={"pricing", "updated", "source", "provider", "modalities", "verification"}
    )
    said = {schema.RENAMED.get(word, word): value for word, value in said.items() if value is not None}
    if said.get("capabilities", {}).get("chat"):
        said.setdefault("mode", "chat")
    family, components = family_of(said.get("mode"))
    said.setdefault("components", components)
    if maker:
        said.setdefault("base_model", f"{maker}/{name}")
    for word, record in (("modalities", Modalities), ("verification", Verification)):
        if (value := getattr(form, word)) is not None:
            said[word] = record(**_said(value))
    source = getattr(form, "source", None)
    cards = [_card(card, source) for card in getattr(form, "pricing", None) or ()]
    return Model(provider=provider, model=name, family=family, series=series, pricing=tuple(cards), **said)


def _card(form: BaseModel, source: str | None) -> Pricing:
    card = form.model_dump(exclude_unset=True)
    for override in card.get("overrides", ()):
        override["when"] = [
            {key: value for key, value in when.items() if value is not None} for when in override["when"]
        ]
    return Pricing.from_dict({"source": source} | card)


# Problems in the words of the file

_FORMS: dict[str, Any] = {
    "when": schema.When,
    "overrides": schema.OverrideForm,
    "pricing": schema.Card,
    "modalities": schema.ModalitiesForm,
    "verification": schema.VerificationForm,
    "rules": schema.RuleForm,
    "default_rates": schema.DefaultRateForm,
    "listing": schema.ListingForm,
    **dict.fromkeys(METERS, schema.Per),
}
"""The form that stands under a word of the YAML."""

_DUE = {
    "missing": (" is missing", "write it"),
    "list_type": (": a list is due", "write [one, another]"),
    "dict_type": (": a mapping is due", "write keys and values under it"),
    "model_type": (": a mapping is due", "write keys and values under it"),
    "too_short": (" is empty", "write something there, or remove it"),
}
"""What is said, and what to do, of the mistakes that Pydantic finds itself; all others come from `kinds`."""


def _told(document: Document, error: ValidationError, top: Any) -> Iterator[Problem]:
    for mistake in error.errors(include_url=False):
        place = tuple(part for part in mistake["loc"] if part != "[key]")
        where, what = _where(place[:-1] if mistake["loc"][-1:] == ("[key]",) else place), mistake["type"]
        if what == "extra_forbidden":
            known = _known_keys(place, top)
            near = get_close_matches(str(place[-1]), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"{', '.join(known[:8])}{', …' * (len(known) > 8)} are known"
            yield document.problem(f"unknown key {kinds.shown(place[-1])}", *place, hint=hint)
        elif what == "wrong":
            context = mistake["ctx"]
            yield document.problem(f"{where}: {context['message']}", *place, hint=context["hint"])
        else:
            said, hint = _DUE[what]
            yield document.problem(f"{where}{said}", *place, hint=hint)


def _where(place: tuple[str | int, ...]) -> str:
    """A part of the file as people say it: without its entry and without positions in lists, which the line tells."""
    inside = place[2:] or place[-1:] if place[:1] == ("models",) else place
    return ".".join(str(part) for part in inside if not isinstance(part, int)) or "the file"


def _known_keys(place: tuple[str | int, ...], top: Any) -> list[str]:
    """The keys that could stand where an unknown one stands."""
    words = [part for part in place[:-1] if isinstance(part, str)]
    if words[:1] == ["models"]:
        form = next((_FORMS[word] for word in reversed(words[2:]) if word in _FORMS), schema.entry_form())
    elif words:
        form = next(_FORMS[word] for word in words if word in _FORMS)
    else:
        form = top
    return list(form.model_fields)

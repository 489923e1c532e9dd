"""Read a `v1/` folder: every manifest and every family file, all problems told at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from modelry.authoring import schema, validate
from modelry.authoring.text import Document, read
from modelry.errors import InvalidRegistry, Problem
from modelry.pricing import Pricing
from modelry.records import Model, Provider, family_of


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
    if problems:
        raise InvalidRegistry(sorted(problems, key=lambda problem: (problem.path, problem.line)))
    return Authored([provider for provider, _ in providers], entries)


def load_providers(folder: Path) -> list[Provider]:
    """The manifests alone."""
    problems: list[Problem] = []
    providers = [provider for provider, _ in _providers(folder, problems)]
    if problems:
        raise InvalidRegistry(problems)
    return providers


def _documents(folder: Path, kind: str, problems: list[Problem]) -> Iterator[tuple[Path, Document]]:
    paths = sorted((folder / kind).glob("*.yaml"))
    if not paths:
        problems.append(Problem(f"{folder.name}/{kind}", 1, "holds no .yaml file", "is this a registry's folder?"))
    for path in paths:
        if document := read(path, f"{folder.name}/{kind}/{path.name}", problems):
            yield path, document


def _providers(folder: Path, problems: list[Problem]) -> Iterator[tuple[Provider, Document]]:
    for path, document in _documents(folder, "providers", problems):
        try:
            provider = schema.manifest_form().validate_python(document.data)
        except ValidationError as error:
            problems += [_told(document, mistake) for mistake in error.errors()]
            continue
        if provider.id != path.stem:
            problems.append(
                document.problem(f"id {provider.id!r} is not the file's name", "id", hint=f"write {path.stem}")
            )
        yield provider, document


def _entries(folder: Path, providers: list[Provider], problems: list[Problem]) -> Iterator[Entry]:
    makers = {provider.id: provider.maker for provider in providers if not provider.resells}
    spellings = {spelling: provider.id for provider in providers for spelling in provider.spellings}
    for path, document in _documents(folder, "models", problems):
        try:
            family: Any = schema.family_form().model_validate(document.data)
        except ValidationError as error:
            problems += [_told(document, mistake) for mistake in error.errors()]
            continue
        for key, form in family.models.items():
            provider, name = _key(key, form.provider, spellings)
            if provider is None or provider not in spellings:
                problems.append(_unknown_provider(document, key, provider, spellings))
                continue
            provider = spellings[provider]
            model = _model(provider, name, form, path.stem, makers.get(provider))
            yield Entry(model, form.updated or family.updated, document, key)


def _key(key: str, provider: str | None, spellings: dict[str, str]) -> tuple[str | None, str]:
    head, slash, tail = key.partition("/")
    if provider is None:
        return (head, tail) if slash else (None, key)
    if slash and spellings.get(head) == spellings.get(provider):
        return provider, tail
    return provider, key


def _unknown_provider(document: Document, key: str, provider: str | None, spellings: dict[str, str]) -> Problem:
    if provider is None:
        return document.problem(
            f"{key!r} names no provider", "models", key, hint="write provider: … or the key as provider/name"
        )
    near = get_close_matches(provider, spellings, n=1)
    hint = f"did you mean {near[0]}?" if near else f"add v1/providers/{provider}.yaml"
    return document.problem(f"no provider is called {provider!r}", "models", key, "provider", hint=hint)


def _model(provider: str, name: str, form: BaseModel, series: str, maker: str | None) -> Model:
    said = form.model_dump(
        exclude_unset=True, exclude={"pricing", "updated", "source", "provider", "modalities", "verification"}
    )
    said = {schema.RENAMED.get(word, word): value for word, value in said.items() if value is not None}
    said.setdefault("mode", "chat")
    family, components = family_of(said["mode"])
    said.setdefault("components", components)
    if maker:
        said.setdefault("base_model", f"{maker}/{name}")
    for word in ("modalities", "verification"):
        if (value := getattr(form, word)) is not None:
            said[word] = value
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


def _told(document: Document, mistake: Any) -> Problem:
    place = tuple(part for part in mistake["loc"] if part != "[key]")
    kind, value = mistake["type"], mistake["input"]
    where = ".".join(str(part) for part in place[2:] if part != 0) or (place[-1] if place else "the file")
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        near = get_close_matches(str(place[-1]), _known_keys(place), n=1)
        return document.problem(f"unknown key {place[-1]!r}", *place, hint=f"did you mean {near[0]}?" if near else "")
    if kind == "literal_error":
        expected = mistake["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        near = get_close_matches(str(value), expected, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(expected)}"
        return document.problem(f"{where}: {value!r} is not known", *place, hint=hint)
    if kind in ("missing", "missing_keyword_only_argument"):
        return document.problem(f"{where} is missing", *place)
    shown = repr(value) if len(repr(value)) < 60 else type(value).__name__
    return document.problem(f"{where}: {shown}: {mistake['msg'].removeprefix('Value error, ')}", *place)


def _known_keys(place: tuple[str | int, ...]) -> list[str]:
    """The keys that could stand where an unknown one stands."""
    words = [part for part in place[:-1] if isinstance(part, str)]
    if words[:1] != ["models"]:
        form: Any = schema.family_form()
        return (
            [*form.model_fields, *Provider.__dataclass_fields__]
            if not words
            else ["litellm", "models.dev", "openrouter"]
        )
    inner = next((word for word in reversed(words) if word in ("when", "overrides", "pricing")), None)
    forms: dict[str | None, Any] = {
        "when": schema.When,
        "overrides": schema.OverrideForm,
        "pricing": schema.Card,
        None: schema.entry_form(),
    }
    return list(forms[inner].model_fields)

"""Roles that a system gives to models, and what each needs: one row each. To add one, add a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from modelry.errors import AmbiguousModel, UnknownModel, UnknownProvider
from modelry.records import Model
from modelry.registry import Registry

LONGEST = 500
"""Characters of the name of a model; none is as long."""


class Role(NamedTuple):
    """What a model is used for, the component it must have, and the capabilities."""

    name: str
    meaning: str
    component: str
    capabilities: tuple[str, ...] = ()


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("generation", "answers and writes", "GEN"),
        Role("embedding", "turns texts into vectors", "EMB"),
        Role("reranking", "orders search results", "RERANK"),
        Role("vision", "answers about images", "GEN", ("vision",)),
        Role("tools", "calls functions", "GEN", ("tools",)),
        Role("reasoning", "thinks before it answers", "GEN", ("reasoning",)),
        Role("image", "makes images", "IMAGE"),
        Role("video", "makes videos", "VIDEO"),
        Role("speech", "speaks texts", "SPEECH"),
        Role("transcription", "writes down what it hears", "TRANSCRIPTION"),
        Role("moderation", "judges contents", "MODERATION"),
    )
}


class Misfit(NamedTuple):
    """A role and a model that is known not to fit it."""

    role: str
    model: str
    message: str
    can: tuple[str, ...]
    needs: tuple[str, ...]


class Verdict(NamedTuple):
    """What is wrong with a configuration, and what nobody can say."""

    misfits: tuple[Misfit, ...]
    warnings: tuple[str, ...]


def judged(config: Mapping[str, str | None], registry: Registry) -> Verdict:
    """A configuration, role -> model: a known mismatch is a misfit; what is unknown passes with a warning (seed 2)."""
    misfits: list[Misfit] = []
    warnings: list[str] = []
    for name, asked in config.items():
        if asked is not None:
            for found in _judged(ROLES[name], asked, registry):
                if isinstance(found, Misfit):
                    misfits.append(found)
                else:
                    warnings.append(found)
    return Verdict(tuple(misfits), tuple(warnings))


def _judged(role: Role, asked: str, registry: Registry) -> Iterator[Misfit | str]:
    try:
        model = registry.get(asked)
    except AmbiguousModel as error:
        yield from _all_judged(role, error, registry)
        return
    except (UnknownModel, UnknownProvider) as error:
        yield f"{role.name}: {error}; nothing is known of what it can do"
        return
    lacking = [need for need, has in _has(role, model).items() if has is False]
    if lacking:
        can = _can(model)
        text = (
            f"{role.name}: {model.id} has {', '.join(can) or 'nothing of it'}; the role needs {', '.join(_needs(role))}"
        )
        yield Misfit(role.name, model.id, text, can, _needs(role))
        return
    unknown = [need for need, has in _has(role, model).items() if has is None]
    if unknown:
        yield f"{role.name}: whether {model.id} has {', '.join(unknown)} is unknown"
    if model.status in ("deprecated", "retired"):
        instead = f"; its maker recommends {model.replaced_by}" if model.replaced_by else ""
        yield f"{role.name}: {model.id} is {model.status}{instead}"


def _all_judged(role: Role, error: AmbiguousModel, registry: Registry) -> Iterator[Misfit | str]:
    """Of a name that several models have: misfits where none of them fits, else that nobody can say which is meant."""
    found = [said for choice in error.choices for said in _judged(role, choice, registry)]
    misfits = [said for said in found if isinstance(said, Misfit)]
    if error.choices and len(misfits) == len(error.choices):
        yield from misfits
    else:
        yield f"{role.name}: {error}"


def _needs(role: Role) -> tuple[str, ...]:
    return (role.component, *role.capabilities)


def _has(role: Role, model: Model) -> dict[str, bool | None]:
    """What the role needs, and whether the model has it; None is unknown."""
    component = role.component in model.components if model.components else None
    return {role.component: component} | {name: model.capabilities.get(name) for name in role.capabilities}


def _can(model: Model) -> tuple[str, ...]:
    return (*model.components, *(name for name, able in model.capabilities.items() if able))

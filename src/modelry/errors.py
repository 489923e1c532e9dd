"""Every error that modelry raises, in one tree::

    ModelryError
    ├── UnknownModel          no entry has this name               .name .suggestions
    ├── AmbiguousModel        several providers have this name     .name .choices
    ├── UnknownProvider       no provider is called this           .name .suggestions
    ├── Unpriced              no price is known, or strict refused .model .buckets
    ├── InvalidFilter         nothing can be chosen by this        .filter .value .suggestions
    ├── InvalidUsage          a count or a condition is no count   .bucket .value
    │   ├── UnknownUsage      a body of no known shape
    │   ├── AmbiguousUsage    a body of two shapes, counted differently
    │   └── UsageMismatch     buckets do not sum to the total      .counted .reported
    ├── Problem               one mistake in one place of a file   .path .line .hint
    ├── InvalidRegistry       every Problem of a registry at once  (an ExceptionGroup)
    ├── MissingExtra          a package is not installed           .extra .package
    ├── CatalogRejected       a catalogue or feed is not taken     .reason
    └── CatalogConflict       somebody else wrote in between

Errors carry data besides their text, and the text says what to do. Where modelry goes on with the next best thing, it
warns instead: ``CatalogWarning``, a UserWarning.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self


class ModelryError(Exception):
    """Any refusal of modelry."""


def _shown(value: object) -> str:
    try:
        shown = repr(value[:80] if isinstance(value, str | bytes) else value)  # it may be as long as a response
    except ValueError:  # an integer of more digits than Python prints
        shown = f"<{type(value).__name__}>"
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


class _UnknownName(ModelryError):
    noun = "name"

    def __init__(self, name: str, suggestions: Iterable[str] = (), why: str = "") -> None:
        self.name = name
        self.suggestions = tuple(suggestions)
        shown = name if len(name) <= 120 else f"{name[:117]}..."
        text = f"no {self.noun} is called {shown!r}" + (f" ({why})" if why else "")
        if self.suggestions:
            text += f"; did you mean {' or '.join(self.suggestions)}?"
        super().__init__(text)


class UnknownModel(_UnknownName):
    """No entry has this name exactly, as an alias, or by a rule."""

    noun = "model"


class UnknownProvider(_UnknownName):
    """No provider has this id or alias."""

    noun = "provider"


class AmbiguousModel(ModelryError):
    """A bare name that several providers serve and no single maker owns."""

    def __init__(self, name: str, choices: Sequence[str]) -> None:
        self.name = name
        self.choices = tuple(choices)
        shown = ", ".join(self.choices[:6])
        more = f" and {len(self.choices) - 6} more" if len(self.choices) > 6 else ""
        super().__init__(f"{name!r} is served by several providers: say which of {shown}{more}")


class Unpriced(ModelryError):
    """No price is known for what was asked, or ``strict`` refused an assumption."""

    def __init__(self, model: str, why: str, buckets: Iterable[str] = ()) -> None:
        self.model = model
        self.buckets = tuple(buckets)
        super().__init__(f"{model}: {why}")


class InvalidFilter(ModelryError):
    """A filter or an order names what there is none of, or its value is of the wrong kind."""

    def __init__(self, name: str, value: object, why: str, suggestions: Iterable[str] = ()) -> None:
        self.filter = name
        self.value = value
        self.suggestions = tuple(suggestions)
        hint = f"; did you mean {' or '.join(self.suggestions)}?" if self.suggestions else ""
        super().__init__(f"{name}={_shown(value)}: {why}{hint}")


class InvalidUsage(ModelryError):
    """A count is negative, fractional, no number, contradictory or of no known bucket."""

    def __init__(self, bucket: str, value: object, why: str) -> None:
        self.bucket = bucket
        self.value = value
        super().__init__(f"{bucket}={_shown(value)}: {why}")


class UnknownUsage(InvalidUsage):
    """The shape of a usage body is nobody's."""


class AmbiguousUsage(InvalidUsage):
    """The shape of a usage body fits two APIs that would count it differently."""


class UsageMismatch(InvalidUsage):
    """The buckets of a body do not sum to the total that it reports."""

    def __init__(self, bucket: str, counted: int, reported: int) -> None:
        self.counted = counted
        self.reported = reported
        super().__init__(bucket, reported, f"the buckets sum to {counted}, the body reports {reported}")


class Problem(ModelryError):
    """One mistake in one place of a file: ``path:line: message (hint)``."""

    def __init__(self, path: str, line: int, message: str, hint: str = "") -> None:
        self.path = path
        self.line = line
        self.message = message
        self.hint = hint
        super().__init__(f"{path}:{line}: {message}" + (f" ({hint})" if hint else ""))


class InvalidRegistry(ExceptionGroup[Problem], ModelryError):
    """Every problem of a registry at once, each with its file and line."""

    def __new__(cls, problems: Sequence[Problem]) -> Self:
        """Of one or more problems."""
        return super().__new__(cls, f"{len(problems)} problem{'s' * (len(problems) > 1)}", problems)

    def derive(self, excs: Sequence[Problem]) -> InvalidRegistry:  # type: ignore[override]
        """The same of some of the problems, for `split` and `except*`."""
        return InvalidRegistry(excs)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.exceptions)


EXTRAS = {
    "yaml": "build", "pydantic": "build", "httpx2": "refresh", "duckdb": "bulk", "uvicorn": "server", "fastapi": "server",
    "prometheus_client": "server", "platformdirs": "server", "fastapi_offline": "server", "httptools": "server",
}  # fmt: skip
"""The extra of modelry that brings a package which not everybody needs."""


class MissingExtra(ModelryError):
    """What was asked needs a package that is not installed; `extra` of modelry brings it."""

    def __init__(self, what: str, extra: str, package: str) -> None:
        self.extra = extra
        self.package = package
        super().__init__(f"{what} needs {package}: pip install 'modelry[{extra}]'")


def missing_extra(what: str, error: ModuleNotFoundError) -> MissingExtra | ModuleNotFoundError:
    """The error that says what to install, where an extra brings the module that was not found."""
    package = (error.name or "").partition(".")[0]
    return MissingExtra(what, EXTRAS[package], package) if package in EXTRAS else error


class CatalogRejected(ModelryError):
    """A catalogue, snapshot or feed is foreign, broken, too small or suspicious."""

    def __init__(self, source: str, reason: str) -> None:
        self.source = source
        self.reason = reason
        super().__init__(f"{source}: {reason}")


class CatalogConflict(ModelryError):
    """The catalogue changed between reading and writing: read again and retry."""


class CatalogWarning(UserWarning):
    """A catalogue at a URL was not to be had or not to be believed; the text says why, and what is used instead."""

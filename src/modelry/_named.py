"""`NamedTuple` without `typing`, which would cost a cold start 6 ms of its 20.

Type checkers see the real one: `if TYPE_CHECKING: from typing import NamedTuple`.
"""

from __future__ import annotations

from collections import namedtuple


class _Maker(type):
    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, object]) -> type:
        if not bases:
            return super().__new__(cls, name, bases, namespace)
        fields = list(namespace.get("__annotations__", ()))  # type: ignore[call-overload]
        defaults = [namespace.pop(field) for field in fields if field in namespace]
        base = namedtuple(name, fields, defaults=defaults, module=str(namespace["__module__"]))  # type: ignore[misc]  # noqa: PYI024
        return type(name, (base,), {"__slots__": (), **namespace})


class NamedTuple(metaclass=_Maker):
    """A base whose annotated fields make an immutable tuple; defaults come last."""

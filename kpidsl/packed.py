"""Frozen records as bytes and back, with the places of each moved along with its text.

The format is that of pickle, read with a list of what it may name: the records themselves, which do nothing
but hold values. Bytes that name anything else are refused, so that no cache can bring code along.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from types import ModuleType
from typing import Any

import attrs

from kpidsl.diagnostics import Diagnostic, Edit, Fix, Label, Severity, Source, Span, Suppressed

_PLAIN = (Diagnostic, Label, Fix, Edit, Suppressed, Severity, date, datetime)
_span = tuple.__new__


class Codec:
    """Packs and unpacks the records of some classes and modules, diagnostics, spans, dates and plain
    values."""

    def __init__(self, classes: Iterable[type] = (), modules: Iterable[ModuleType] = ()) -> None:
        self._given = (*_PLAIN, *classes)
        self._modules = tuple(modules)

    @cached_property
    def _classes(self) -> dict[tuple[str, str], type]:
        every = (*self._given, *records(*self._modules))
        return {(kind.__module__, kind.__qualname__): kind for kind in every}

    @cached_property
    def _reduced(self) -> dict[type, Callable[[Any], tuple[type, tuple[object, ...]]]]:
        return {kind: _reducer(kind) for kind in self._classes.values() if attrs.has(kind)}

    def pack(self, value: object, sources: Sequence[Source] = (), base: int = 0) -> bytes | None:
        """The bytes of a value; spans lie in one of the sources, and are counted from `base`.

        None for a value that is nested too deeply, or has something else in it.
        """
        number = {id(source): at for at, source in enumerate(sources)}

        def span(place: Span) -> tuple[type, tuple[int, int, int]]:
            return Span, (number[id(place[0])], place[1] - base, place[2] - base)

        stream = io.BytesIO()
        pickler = pickle.Pickler(stream, 5)
        pickler.dispatch_table = {**self._reduced, Span: span}
        try:
            pickler.dump(value)
        except (RecursionError, KeyError, pickle.PicklingError, TypeError, AttributeError):
            return None
        return stream.getvalue()

    def unpack(self, data: bytes | None, sources: Sequence[Source] = (), base: int = 0) -> Any:
        """The value; None for bytes that are none, or not what this codec packs."""
        if data is None:
            return None
        texts = tuple(sources)

        def span(source: int, start: int, end: int) -> Span:
            return _span(Span, (texts[source], base + start, base + end))

        try:
            return _Reader(data, self._classes, span).load()
        except Exception:  # bytes from elsewhere can fail in any way
            return None


class _Reader(pickle.Unpickler):
    """Names lead to the records of a codec, and nowhere else."""

    def __init__(self, data: bytes, classes: dict[tuple[str, str], type], span: Callable[..., Span]) -> None:
        super().__init__(io.BytesIO(data))
        self._classes = classes
        self._span = span

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (Span.__module__, "Span"):
            return self._span
        found = self._classes.get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"{module}.{name} is no record")
        return found


def records(*modules: ModuleType) -> Iterator[type]:
    """The frozen records that some modules define."""
    for module in modules:
        for found in vars(module).values():
            if isinstance(found, type) and attrs.has(found) and found.__module__ == module.__name__:
                yield found


def _reducer(kind: type) -> Callable[[Any], tuple[type, tuple[object, ...]]]:
    """How an object is made anew: by its class, of the values that it was made of."""
    names = [at.name for at in attrs.fields(kind)]
    values: Any = attrgetter(*names) if names else lambda record: ()
    if len(names) == 1:
        return lambda record: (kind, (values(record),))
    return lambda record: (kind, values(record))

"""Changes in words."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from attrs import frozen

from kpidsl.diff.changes import Direction, Kind
from kpidsl.diff.directions import size
from kpidsl.diff.facts import Fact, View
from kpidsl.diff.formulas import told
from kpidsl.graph import Kpi
from kpidsl.model.units import ONE

_WORD = re.compile(r"[^\W\d]\w*")
_MOVES = ("deadline", "start")
_SWITCHES = ("draft", "deprecated")


@frozen
class Altered:
    """The names that formulas may contain and that mean something else than before."""

    names: frozenset[str]

    def within(self, text: str) -> list[str]:
        """Those that a formula contains, in its order."""
        return [name for name in dict.fromkeys(_WORD.findall(text)) if name in self.names]


Both = tuple[Fact | None, Fact | None]


def changed(
    kind: Kind,
    aspect: str,
    facts: Both,
    ones: tuple[Any, Any],
    views: tuple[View, View],
    way: Direction | None,
    altered: Altered,
) -> str:
    """A fact that is another one, new or gone, as a clause."""
    old, new = facts
    if aspect == "formula" and old is not None and new is not None:
        return _formula(facts, ones, views, altered)
    if aspect in _SWITCHES:
        return _switched(aspect, facts)
    if old is None or new is None:
        return _came(aspect, new) if new is not None else _went(aspect, old)
    a, b = old.said, new.said
    if a == b:
        return f"{aspect} {way or 'changed'}: `{a}` means something else now"
    if aspect in _MOVES:
        return f"{aspect} moved from {a} to {b}"
    units = {one.unit for one in ones} if kind == "kpi" else {ONE}
    by = size(old, new, units.pop()) if len(units) == 1 else ""
    return f"{aspect} {way or 'changed'} from {a} to {b}{by}"


def added() -> str:
    """Of what is new."""
    return "added"


def replaced(former: Kpi) -> str:
    """Of what is new and replaces what goes on under its old name."""
    until = former.about.deprecated_until
    stays = f"goes on to work until {until}" if until else "goes on to work"
    return f"added with the meaning of `{former.name}`, which is deprecated and {stays}"


def removed(one: Kpi | None = None, *, due: bool = False) -> str:
    """Of what is gone; of what was deprecated, whether it was to stay until later."""
    if one is None:
        return "removed"
    about = one.about
    use = f", replaced by `{about.deprecated_use}`" if about.deprecated_use else ""
    if due:
        return f"removed; it was deprecated{use}"
    return f"removed before {about.deprecated_until}, until when it was to work{use}"


def renamed(was: str) -> str:
    """Of what has another name and the same meaning."""
    return f"renamed from `{was}`"


def renamed_to(now: str) -> str:
    """The same, of the name that it had."""
    return f"renamed to `{now}`"


def moved(as_of: date | None = None, start: date | None = None, deadline: date | None = None) -> str:
    """That a promise is loosened; louder once it is being judged, and loudest when it was to be kept by
    then."""
    if as_of is not None and deadline is not None and as_of > deadline:
        return f"goalposts moved after the deadline ({deadline})"
    if as_of is not None and start is not None and as_of >= start:
        return f"goalposts moved after the start ({start})"
    return "goalposts moved"


def _formula(facts: Both, ones: tuple[Any, Any], views: tuple[View, View], altered: Altered) -> str:
    old, new = facts
    assert old is not None
    assert new is not None
    clauses = told(old.value, new.value, *views)  # type: ignore[arg-type]
    by = [name for name in altered.within(ones[1].text) if name != ones[1].name]
    unchanged = ones[0].text == ones[1].text
    through = f" (through {', '.join(f'`{name}`' for name in by)})" if by and unchanged else ""
    if clauses:
        return f"formula: {', '.join(clauses)}{through}"
    if old.said != new.said:
        return f"formula changed from {old.said} to {new.said}{through}"
    if by:
        return f"formula rests on {', '.join(f'`{name}`' for name in by)}, which means something else now"
    return "formula: what it is made of means something else now"


def _switched(aspect: str, facts: Both) -> str:
    old, new = facts
    if aspect == "draft":
        return "made a draft: it no longer counts" if new else "no longer a draft: it counts"
    if old is not None and new is not None:
        return f"{new.said}; it was {old.said}"
    return new.said if new is not None else "no longer deprecated"


def _came(aspect: str, new: Fact) -> str:
    head = aspect.partition(" ")[0]
    if head in ("split", "check", "scale"):
        return f"{aspect} added"
    return f"{aspect} added: {new.said}"


def _went(aspect: str, old: Fact | None) -> str:
    head = aspect.partition(" ")[0]
    if old is None or head in ("split", "check", "scale"):
        return f"{aspect} removed"
    return f"{aspect} removed; it was {old.said}"

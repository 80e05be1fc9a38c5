"""What records share that attrs would compile for each of them."""

from __future__ import annotations

from typing import Any

from attrs import fields


class Record:
    """A class of attrs, with `repr=False`, that is shown as attrs would show it. Of the time that it takes to
    make such a class, a third went into that method, and a cold `kpi lint` makes two hundred."""

    __slots__ = ()

    def __repr__(self) -> str:
        kind: Any = type(self)
        said = ", ".join(f"{at.name}={getattr(self, at.name)!r}" for at in fields(kind) if at.repr)
        return f"{kind.__qualname__.rpartition('>.')[2]}({said})"

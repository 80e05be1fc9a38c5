"""The type of a value in a row or of a result."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from kpidsl.model.units import ONE, Unit
from kpidsl.records import Record

Kind = Literal["number", "text", "day", "moment", "time", "flag", "identity", "unknown"]
"""`time` is a time column whose spec does not say whether it holds days or moments: the data decides.
`unknown` is a column that only a role mentions (a key, a channel); it compares with text and numbers
alike."""


@frozen(repr=False, cache_hash=True)
class Type(Record):
    """A kind; numbers carry a unit, identities the thing they identify."""

    kind: Kind
    unit: Unit = ONE
    thing: str | None = None


TEXT = Type("text")
FLAG = Type("flag")
DAY = Type("day")
MOMENT = Type("moment")
TIME = Type("time")
UNKNOWN = Type("unknown")
NUMBER = Type("number")

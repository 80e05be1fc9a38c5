"""How types, units and numbers are called in messages."""

from __future__ import annotations

from kpidsl.model.types import Type
from kpidsl.model.units import ONE, PERCENT, POINTS, Unit
from kpidsl.syntax import nodes

_KINDS = {
    "text": "text",
    "day": "a day",
    "moment": "a moment",
    "time": "a time",
    "flag": "a flag",
    "unknown": "a column without a declared type",
}


def describe(type_: Type) -> str:
    """A type for the middle of a sentence: `text`, `a number in EUR`, `the identity of a contact`."""
    match type_.kind:
        case "number":
            return f"a number in {type_.unit}" if type_.unit != ONE else "a number"
        case "identity":
            return f"the identity of a {type_.thing}" if type_.thing else "an identity"
        case kind:
            return _KINDS[kind]


def in_unit(unit: Unit) -> str:
    """`in EUR per lead`, or that there is no unit."""
    match unit:
        case _ if unit == PERCENT:
            return "a percentage"
        case _ if unit == POINTS:
            return "in points"
        case _ if unit == ONE:
            return "without a unit"
        case _:
            return f"in {unit}"


def literal_text(number: nodes.Number, unit: Unit) -> str:
    """A number with the unit it lacks, as it would be written."""
    return f"{number.text}%" if unit == PERCENT else f"{number.text} {unit}"

"""Calls of row functions: the right number of arguments, each of the right kind."""

from __future__ import annotations

from kpidsl.compile.scope import Scope
from kpidsl.compile.words import describe
from kpidsl.model.functions import Function, Takes
from kpidsl.model.rows import Apply, Literal, Row
from kpidsl.model.types import FLAG, NUMBER, TEXT, Type
from kpidsl.model.units import Unit
from kpidsl.syntax import nodes

_FITS: dict[Takes, tuple[str, ...]] = {
    "number": ("number",),
    "text": ("text", "identity", "unknown"),
    "date": ("day", "moment", "time", "unknown"),
    "moment": ("moment", "time", "unknown"),
}
_SAID: dict[Takes, str] = {
    "number": "a number",
    "text": "a text",
    "date": "a day or a moment",
    "moment": "a moment",
}
_MOST_DIGITS = 12


def right_count(function: Function, call: nodes.Call, scope: Scope) -> bool:
    """Whether a call has as many arguments as the function takes; an error if not."""
    least, most = function.arity
    if least <= len(call.args) <= most:
        return True
    expected = str(least) if least == most else f"{least} to {most}"
    scope.error(
        "K311",
        f"`{function.name}` takes {expected} argument{'' if expected == '1' else 's'}, not {len(call.args)}",
        call.span,
        help=f"it is written {function.signature}, as in `{function.example}`",
    )
    return False


def not_a_path(function: Function, call: nodes.Call, scope: Scope) -> None:
    """The error of `to` and `within` in a call of what knows no paths."""
    scope.error(
        "K311",
        f"`{function.name}` takes no path of steps",
        call.args[0].span.to(call.within.span if call.within else call.args[-1].span),
        help=f"it is written {function.signature}, as in `{function.example}`",
    )


def row_function(function: Function, call: nodes.Call, args: list[Row], scope: Scope) -> Row | None:
    """The application of a row function to checked arguments; None after an error."""
    if call.within is not None:
        not_a_path(function, call, scope)
        return None
    if not right_count(function, call, scope):
        return None
    for parameter, arg, text in zip(function.parameters, args, call.args, strict=False):
        if parameter.takes == "digits":
            if whole_number(function, arg, text, 0, _MOST_DIGITS, scope) is None:
                return None
        elif arg.type.kind not in _FITS[parameter.takes]:
            scope.error(
                "K305",
                f"`{function.name}` needs {_SAID[parameter.takes]} here, and this is {describe(arg.type)}",
                text.span,
                help=f"it is written {function.signature}, as in `{function.example}`",
            )
            return None
    return Apply(function.name, tuple(args), _type(function, args))


def whole_number(
    function: Function, arg: object, text: nodes.Expression, low: int, high: int, scope: Scope
) -> int | None:
    """A whole number written out, within limits."""
    value = arg.value if isinstance(arg, Literal) else arg
    if isinstance(value, float) and value.is_integer() and low <= value <= high:
        return int(value)
    scope.error(
        "K311",
        f"`{function.name}` needs a whole number from {low} to {high} here",
        text.span,
        help=f"as in `{function.example}`",
    )
    return None


def _type(function: Function, args: list[Row]) -> Type:
    match function.gives:
        case "text":
            return TEXT
        case "flag":
            return FLAG
        case "day":
            return Type("number", Unit.of("day"))
        case "same":
            return args[0].type
        case _:
            return NUMBER

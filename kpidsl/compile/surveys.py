"""Figures of surveys: the net promoter score and customer satisfaction, plain or weighted."""

from __future__ import annotations

from kpidsl.compile.lower import conjunction
from kpidsl.compile.scales import scale_of
from kpidsl.compile.scope import Scope
from kpidsl.compile.walk import ungrouped
from kpidsl.diagnostics import Span
from kpidsl.graph import Aggregate, Combine, Node
from kpidsl.model.functions import Function
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row, columns_of
from kpidsl.model.types import FLAG, NUMBER
from kpidsl.model.units import PERCENT, POINTS, Unit
from kpidsl.syntax import nodes

_PROMOTER, _DETRACTOR, _CONTENT = 9.0, 6.0, 4.0
_SCALE = {"nps": (0.0, 10.0), "csat": (1.0, 5.0)}
"""The scales on which these scores mean what they are known for."""


def survey(
    call: nodes.Call, function: Function, score: Row, kept: Row | None, weight: Row | None, scope: Scope
) -> Node | None:
    """NPS by Reichheld's scale of 0 to 10; CSAT as the share of the top boxes, 4 and 5 of 5 unless said
    otherwise. None after an error.

    Weighted, they are the weighted average of 1 for what counts, -1 for detractors and 0 for the others.
    """
    given = Apply("not", (Apply("missing", (score,), FLAG),), FLAG)
    kept = conjunction(kept, given, scope)
    least = _top_box(call, function, scope)
    if least is None or not _fits(call, function, score, scope) or not _within(least, call, score, scope):
        return None
    source = next(iter(columns_of(score))).source

    def asked(op: str, limit: float) -> Row:
        return Apply(op, (score, Literal(limit, NUMBER)), FLAG)

    def node(name: str, of: Row, unit: Unit) -> Aggregate:
        return scope.intern(Aggregate(name, source, scope.intern(of), unit, "none", kept, weight))

    content, promoter, detractor = asked(">=", least), asked(">=", _PROMOTER), asked("<=", _DETRACTOR)
    if weight is not None:
        yes, no, neither = (Literal(x, NUMBER) for x in (1.0, -1.0, 0.0))
        cases = (content, yes) if function.name == "csat" else (promoter, yes, detractor, no)
        unit = PERCENT if function.name == "csat" else POINTS
        return node("weighted average", Apply("when", (*cases, neither), NUMBER), unit)
    if function.name == "csat":
        return node("share", content, PERCENT)
    return scope.intern(
        Combine("-", (node("share", promoter, PERCENT), node("share", detractor, PERCENT)), POINTS, "none")
    )


def _top_box(call: nodes.Call, function: Function, scope: Scope) -> float | None:
    """The least score that counts as content."""
    if len(call.args) < 2:
        return _CONTENT
    number = ungrouped(call.args[1])
    if isinstance(number, nodes.Number) and number.unit is None:
        return number.value
    scope.error(
        "K311",
        "`csat` needs a score written out",
        call.args[1].span,
        help=f"as in `{function.example}`",
    )
    return None


def _fits(call: nodes.Call, function: Function, score: Row, scope: Scope) -> bool:
    """Whether the scale that a score is known to be on is the one that the function is about."""
    known, wanted = scale_of(score), _SCALE[function.name]
    if known is None:
        _unscaled(call, score, wanted, scope)
    if known is None or known == wanted or len(call.args) > 1:
        return True
    low, high, least, most = (f"{end:g}" for end in (*known, *wanted))
    helps = "the least score that counts is said after it, as in `csat(survey.satisfaction, 4)`"
    if function.name == "nps":
        helps = "promoters are those of 9 and 10, detractors those of 0 to 6"
    scope.error(
        "K454",
        f"`{function.name}` is of a scale from {least} to {most}, and this is one from {low} to {high}",
        call.args[0].span,
        *_declared(score, scope),
        help=helps,
    )
    return False


def _unscaled(call: nodes.Call, score: Row, usual: tuple[float, float], scope: Scope) -> None:
    """A column that is read as it is: a 99 for "does not know" would be a promoter."""
    if isinstance(score, ColumnRef):
        clause = f"scale {score.name} from {usual[0]:g} to {usual[1]:g}"
        scope.warn(
            "K457",
            f"no scale of `{score.name}` is said: an answer off its scale, such as 99, counts like any other",
            call.args[0].span,
            help=f"`{clause}`, or what its answers lie between, on a line of the source {score.source}",
        )


def _within(least: float, call: nodes.Call, score: Row, scope: Scope) -> bool:
    """Whether the least score that counts lies on the scale, above its lower end: else none or all count."""
    known = scale_of(score)
    if known is None or len(call.args) < 2 or known[0] < least <= known[1]:
        return True
    low, high, asked = (f"{end:g}" for end in (*known, least))
    count = "no answer" if least > known[1] else "each answer"
    scope.error(
        "K454",
        f"{count} on a scale from {low} to {high} is {asked} or more",
        call.args[1].span,
        *_declared(score, scope),
        help=f"the least score that counts is above {low} and at most {high}",
    )
    return False


def _declared(score: Row, scope: Scope) -> list[tuple[Span, str]]:
    ref = next((ref for ref in columns_of(score) if isinstance(ref, ColumnRef)), None)
    found = scope.shapes[ref.home].scales.get(ref.name) if ref else None
    return [(found.span, "said here")] if found else []

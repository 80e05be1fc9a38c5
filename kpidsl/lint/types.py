"""Conditions that hold for all rows, for none, or for others than they seem to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kpidsl.diagnostics import Label
from kpidsl.graph import Aggregate
from kpidsl.lint.contradictions import contradicted
from kpidsl.lint.parts import ungrouped
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View
from kpidsl.syntax import nodes

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_COMPARISONS = frozenset(_FLIPPED)


def _comparison(expr: Any) -> tuple[str, str, Any] | None:
    """A column, an operator and the literal that it is compared with; None of anything else."""
    expr = ungrouped(expr)
    if not isinstance(expr, nodes.Binary) or expr.op not in _COMPARISONS:
        return None
    left, right = ungrouped(expr.left), ungrouped(expr.right)
    if isinstance(left, nodes.Name) and isinstance(right, nodes.Number | nodes.String):
        return left.text, expr.op, right
    if isinstance(right, nodes.Name) and isinstance(left, nodes.Number | nodes.String):
        return right.text, _FLIPPED[expr.op], left
    return None


def _never(view: View) -> Iterable[Found]:
    """Conditions side by side, with both places; then those that meet in an aggregation, as where a KPI
    filters a measure that has a filter."""
    told = set()
    for column, one in _side_by_side(view):
        told.add(column)
        yield one
    for kpi, span, node in view.met(Aggregate):
        barred = contradicted(node)
        if barred is not None and barred not in told:
            told.add(barred)
            yield Found(
                span,
                f"no row passes: nothing that `{barred}` can be meets all of the conditions on it",
                help="a measure brings its own `where` along",
                kpi=kpi,
            )


def _side_by_side(view: View) -> Iterator[tuple[str, Found]]:
    for _, parts in view.chains("and"):
        seen: dict[str, list[tuple[str, Any, Any]]] = {}
        for part in parts:
            found = _comparison(part)
            if found is None:
                continue
            column, op, literal = found
            for other_op, other, place in seen.get(column, ()):
                if _exclude(op, literal, other_op, other):
                    yield (
                        column,
                        Found(
                            part.span,
                            f"no row passes: `{column}` cannot be both",
                            (Label(place.span, "this"), Label(part.span, "and this")),
                            help="`or` takes either, and `in (...)` one of several",
                        ),
                    )
                    break
            seen.setdefault(column, []).append((op, literal, part))


def _exclude(op: str, a: Any, other: str, b: Any) -> bool:
    """Whether nothing meets both comparisons."""
    if isinstance(a, nodes.String) and isinstance(b, nodes.String):
        same = a.text == b.text
        return ({op, other} == {"="} and not same) or ({op, other} == {"=", "!="} and same)
    if not (isinstance(a, nodes.Number) and isinstance(b, nodes.Number)) or _unit(a) != _unit(b):
        return False
    low, open_low, high, open_high = float("-inf"), False, float("inf"), False
    for sign, value in ((op, a.value), (other, b.value)):
        if sign in (">", ">=", "=") and (value, sign == ">") > (low, open_low):
            low, open_low = value, sign == ">"
        if sign in ("<", "<=", "=") and (-value, sign == "<") > (-high, open_high):
            high, open_high = value, sign == "<"
    differs = {op, other} == {"=", "!="} and a.value == b.value
    return low > high or (low == high and (open_low or open_high)) or differs


def _unit(number: nodes.Number) -> str | None:
    return number.unit.text if number.unit else None


def _itself(view: View) -> Iterable[Found]:
    for _, expr in view.written(nodes.Binary):
        if expr.op in (*_COMPARISONS, "-", "/") and ungrouped(expr.left) == ungrouped(expr.right):
            if isinstance(ungrouped(expr.left), nodes.Number):
                continue
            yield Found(
                expr.span,
                f"`{expr.left.span.text}` stands on both sides of `{expr.op}`",
                help="one of the two is likely meant to be something else",
            )


def _twice(view: View) -> Iterable[Found]:
    for op in ("and", "or"):
        for _, parts in view.chains(op):
            yield from _repeated(parts, f"the condition is there twice, joined by `{op}`")


def _repeated(parts: Iterable[Any], message: str) -> Iterator[Found]:
    seen: list[tuple[Any, Any]] = []
    for part in parts:
        plain = ungrouped(part)
        other = next((place for known, place in seen if known == plain), None)
        if other is not None:
            yield Found(part.span, message, (Label(other.span, "first here"),), help="once is enough")
        seen.append((plain, part))


def _list_twice(view: View) -> Iterable[Found]:
    for _, expr in view.written(nodes.In):
        yield from _repeated(expr.items, "the list has this twice")


def _empty_text(view: View) -> Iterable[Found]:
    for _, expr in view.written(nodes.Binary):
        if expr.op not in ("=", "!="):
            continue
        for side, other in ((expr.left, expr.right), (expr.right, expr.left)):
            literal = ungrouped(side)
            if isinstance(literal, nodes.String) and not literal.text.strip():
                test = "is missing" if expr.op == "=" else "is not missing"
                yield Found(
                    expr.span,
                    "an empty cell is a missing value, never an empty text",
                    help=f"`{ungrouped(other).span.text} {test}` asks for it",
                )


def _otherwise(view: View) -> Iterable[Found]:
    for _, expr in view.written(nodes.When):
        if expr.otherwise is None:
            yield Found(
                expr.span,
                "rows that meet none of the conditions have no value here",
                help="`otherwise ...` at the end says what they have",
            )


def _branches(view: View) -> Iterable[Found]:
    for _, expr in view.written(nodes.When):
        yield from _repeated(
            (condition for condition, _ in expr.branches), "no row gets here: the same condition comes before"
        )


def _number_as_text(view: View) -> Iterable[Found]:
    compared: list[tuple[nodes.Node, str, Any]] = []
    for _, expr in view.written(nodes.Binary):
        found = _comparison(expr)
        if found and expr.op not in ("=", "!="):
            compared.append((expr, found[0], found[2]))
    for _, between in view.written(nodes.Between):
        column = ungrouped(between.subject)
        if isinstance(column, nodes.Name):
            compared.append((between, column.text, ungrouped(between.high)))
    for place, column, literal in compared:
        if isinstance(literal, nodes.String):
            yield Found(
                place.span,
                f'texts are compared letter by letter: "9" comes after {literal.span.text}',
                help=f"`column {column} number` makes it a number",
            )


RULES = (
    Rule(
        "K811",
        "contradictory-filter",
        "types",
        WARNING,
        "Two conditions on a column exclude each other, so no row passes.",
        """A filter that no row passes gives a count of 0 and averages without a value. It looks like a
        fact about the business, and is a slip in the spec: most often an `and` that should be an `or`.""",
        """
        measure paid_leads = count(crm) where status = "won" and status = "lost"
        """,
        """
        measure paid_leads = count(crm) where status = "won" or status = "lost"
        """,
        _never,
    ),
    Rule(
        "K812",
        "compared-with-itself",
        "types",
        WARNING,
        "The same expression stands on both sides of a comparison, a minus or a division.",
        """What is compared with itself is always equal, less itself always 0 and divided by itself
        always 1. One of the two sides was meant to be something else.""",
        """
        kpi conversion "Conversion"
          formula     count(orders) / count(orders)
          target      at least 2%
          unit        %
        """,
        """
        kpi conversion "Conversion"
          formula     count(orders) / count(crm)
          unit        order per lead
          target      at least 0.02 order per lead
        """,
        _itself,
    ),
    Rule(
        "K813",
        "condition-twice",
        "types",
        WARNING,
        "A condition is joined with itself.",
        """A condition that is written twice changes nothing, so the second one was likely meant to be
        another: a line that was copied and not edited.""",
        """
        measure readers = count(crm) where pages >= 10 and pages >= 10
        """,
        """
        measure readers = count(crm) where pages >= 10 and status = "open"
        """,
        _twice,
    ),
    Rule(
        "K814",
        "item-twice",
        "types",
        WARNING,
        "A list after `in` names a value twice.",
        """The second mention changes nothing. Where it stands for a value that was forgotten, rows are
        missing from the number.""",
        """
        measure decided = count(crm) where status in ("won", "won")
        """,
        """
        measure decided = count(crm) where status in ("won", "lost")
        """,
        _list_twice,
    ),
    Rule(
        "K815",
        "empty-text",
        "types",
        WARNING,
        "A column is compared with an empty text.",
        """An empty cell is read as a missing value, and a comparison with a missing value holds neither
        way. So `= ""` finds nothing, and `!= ""` leaves out just what was meant to be counted apart.""",
        """
        measure unsorted = count(crm) where status = ""
        """,
        """
        measure unsorted = count(crm) where status is missing
        """,
        _empty_text,
    ),
    Rule(
        "K816",
        "when-without-otherwise",
        "types",
        INFO,
        "A `when` does not say what holds where none of its conditions does.",
        """Rows that meet no condition have no value then, and fall out of every slice and average
        without a word. `otherwise` makes that a decision.""",
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR
          column      size = when amount >= 100 then "large"
        """,
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR
          column      size = when amount >= 100 then "large" otherwise "small"
        """,
        _otherwise,
    ),
    Rule(
        "K817",
        "branch-twice",
        "types",
        WARNING,
        "A `when` asks for the same condition twice.",
        """The first condition that holds decides. A second one that is the same is never reached, so
        its value is never given.""",
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR
          column      size = when amount >= 100 then "large" when amount >= 100 then "huge" otherwise "low"
        """,
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR
          column      size = when amount >= 900 then "huge" when amount >= 100 then "large" otherwise "small"
        """,
        _branches,
    ),
    Rule(
        "K818",
        "texts-by-size",
        "types",
        INFO,
        "Texts are compared by size.",
        """Texts are ordered letter by letter, so that "9" is greater than "10" and "Z" less than "a". A
        column of numbers has to be declared as one.""",
        """
        measure readers = count(crm) where status >= "10"
        """,
        """
        measure readers = count(crm) where pages >= 10
        """,
        _number_as_text,
    ),
)

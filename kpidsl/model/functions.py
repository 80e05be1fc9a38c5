"""The functions of the language, declared: what they take and give, one line of explanation, one example.

A function is of one of three families. Aggregates turn the rows of one source into a number; row functions
work on one row, in filters and computed columns; result functions work on what is already aggregated.
"""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from kpidsl.records import Record

Family = Literal["aggregate", "row", "result"]

Takes = Literal[
    "rows",
    "condition",
    "number",
    "value",
    "text",
    "date",
    "moment",
    "result",
    "digits",
    "percent rank",
    "periods",
    "score",
    "path",
]
"""`rows` is a source, perhaps restricted by `where`; `value` anything that can be counted; `date` a day or a
moment; `digits`, `percent rank`, `periods` and `score` are numbers written out; `path` is an identity, a
further one after each `to`."""

Gives = Literal["same", "spread", "thing", "identity", "percent", "points", "one", "day", "text", "flag"]
"""The unit of what comes out. `same` as the first parameter; `spread` the same, but points for percentages;
`thing` what a row of the source is; `identity` what the column identifies; `day` a number of days."""

Adds = Literal["additive", "semi", "none", "same", "over slices"]
"""How results add up (see `kpidsl.graph.Additivity`); `same` as the argument; `over slices` takes what adds
up over time from the argument."""


@frozen(repr=False)
class Parameter(Record):
    """One parameter: how it is called in messages, what it takes, whether it may be left out."""

    name: str
    takes: Takes
    optional: bool = False


@frozen(repr=False)
class Function(Record):
    """A declared function."""

    name: str
    family: Family
    parameters: tuple[Parameter, ...]
    gives: Gives
    adds: Adds
    doc: str
    example: str
    by: Parameter | None = None
    """What follows `by` inside the parentheses, for functions that have it."""

    @property
    def signature(self) -> str:
        """How it is called: `percentile(x, rank)`, `weighted average(x by weight)`."""
        if self.parameters[0].takes == "path":
            more = f"[, {self.parameters[1].name}]" if len(self.parameters) > 1 else ""
            return f"{self.name}(x to y within n days{more})"
        names = [f"{p.name} where condition" if p.takes == "condition" else p.name for p in self.parameters]
        written = ", ".join(
            f"[{name}]" if p.optional else name for name, p in zip(names, self.parameters, strict=True)
        )
        return f"{self.name}({written}{f' by {self.by.name}' if self.by else ''})"

    @property
    def arity(self) -> tuple[int, int]:
        """The least and the most arguments."""
        return sum(not p.optional for p in self.parameters), len(self.parameters)


_X = Parameter("x", "number")
_RESULT = Parameter("x", "result")
_TEXT = Parameter("text", "text")
_DATE = Parameter("date", "date")


def _aggregate(
    name: str,
    gives: Gives,
    adds: Adds,
    doc: str,
    example: str,
    *parameters: Parameter,
    by: Parameter | None = None,
) -> Function:
    return Function(name, "aggregate", parameters or (_X,), gives, adds, doc, example, by)


def _row(name: str, gives: Gives, doc: str, example: str, *parameters: Parameter) -> Function:
    return Function(name, "row", parameters, gives, "none", doc, example)


def _result(name: str, gives: Gives, adds: Adds, doc: str, example: str, *more: Parameter) -> Function:
    return Function(name, "result", (_RESULT, *more), gives, adds, doc, example)


def _by_name(*functions: Function) -> dict[str, Function]:
    return {function.name: function for function in functions}


AGGREGATES = _by_name(
    _aggregate(
        "sum", "same", "additive", "The sum of a column; missing values are skipped.", "sum(ads.spend)"
    ),
    _aggregate(
        "count",
        "thing",
        "additive",
        "How many rows; of a column, how many rows have it.",
        "count(crm)",
        Parameter("rows", "rows"),
    ),
    _aggregate(
        "count distinct",
        "identity",
        "none",
        "How many different values; missing ones are not counted.",
        "count distinct(crm.contact)",
        Parameter("x", "value"),
    ),
    _aggregate("average", "same", "none", "The mean of a column.", "average(orders.amount)"),
    _aggregate(
        "weighted average",
        "same",
        "none",
        "The mean in which each row counts by its weight.",
        "weighted average(survey.score by survey.weight)",
        _X,
        by=Parameter("weight", "number"),
    ),
    _aggregate("min", "same", "none", "The smallest value.", "min(stock.level)"),
    _aggregate("max", "same", "none", "The largest value.", "max(orders.amount)"),
    _aggregate("median", "same", "none", "The value in the middle.", "median(orders.amount)"),
    _aggregate(
        "percentile",
        "same",
        "none",
        "The value below which so many of a hundred lie, interpolated.",
        "percentile(orders.wait, 90)",
        _X,
        Parameter("rank", "percent rank"),
    ),
    _aggregate(
        "standard deviation",
        "spread",
        "none",
        "How far values lie apart (of a sample: n - 1).",
        "standard deviation(orders.amount)",
    ),
    _aggregate(
        "first", "same", "semi", "A level at the earliest moment: its rows, summed.", "first(stock.level)"
    ),
    _aggregate(
        "last", "same", "semi", "A level at the latest moment: its rows, summed.", "last(stock.level)"
    ),
    _aggregate(
        "closing",
        "same",
        "semi",
        "A level at the end: what is known last of each account, also from before the period, added up.",
        "closing(stock.level by product)",
        _X,
        by=Parameter("account", "value"),
    ),
    _aggregate(
        "opening",
        "same",
        "semi",
        "A level at the start: what is known last of each account before the period, added up.",
        "opening(stock.level by product)",
        _X,
        by=Parameter("account", "value"),
    ),
    _aggregate(
        "share",
        "percent",
        "none",
        "The share of the rows for which a condition holds.",
        "share(sessions where bounced)",
        Parameter("rows", "condition"),
    ),
    _aggregate(
        "nps",
        "points",
        "none",
        "Net promoter score: the share of scores of 9 and 10 less that of 0 to 6, of the rows "
        "that have a score; weighted, if a weight is said.",
        "nps(survey.score)",
        _X,
        by=Parameter("weight", "number", optional=True),
    ),
    _aggregate(
        "csat",
        "percent",
        "none",
        "Customer satisfaction: the share of scores of at least 4 (or the score given) of the "
        "rows that have one; weighted, if a weight is said.",
        "csat(survey.satisfaction, 4)",
        _X,
        Parameter("score", "score", optional=True),
        by=Parameter("weight", "number", optional=True),
    ),
    _aggregate(
        "new",
        "identity",
        "additive",
        "How many identities have their first row of all in the period.",
        "new(orders.customer)",
        Parameter("x", "value"),
    ),
    _aggregate(
        "returning",
        "identity",
        "none",
        "How many identities of the period were seen before it.",
        "returning(orders.customer)",
        Parameter("x", "value"),
    ),
    _aggregate(
        "retained",
        "identity",
        "none",
        "How many identities of the period were seen in the period before it.",
        "retained(orders.customer)",
        Parameter("x", "value"),
    ),
    _aggregate(
        "churned",
        "identity",
        "none",
        "How many identities of the period before are not seen in the period.",
        "churned(orders.customer)",
        Parameter("x", "value"),
    ),
    _aggregate(
        "retention",
        "percent",
        "none",
        "Of the identities that were new so many periods earlier, the share seen in the period.",
        "retention(orders.customer, 3)",
        Parameter("x", "value"),
        Parameter("periods", "periods"),
    ),
    _aggregate(
        "conversion",
        "percent",
        "none",
        "Of the identities that take the first step in the period, the share that take the further ones, in "
        "order and within so many days.",
        "conversion(visits.visitor to orders.customer within 7 days)",
        Parameter("path", "path"),
    ),
    _aggregate(
        "converted",
        "identity",
        "none",
        "How many identities take the first step in the period and the further ones, in order and within so "
        "many days.",
        "converted(visits.visitor to orders.customer within 7 days)",
        Parameter("path", "path"),
    ),
    _aggregate(
        "first touch",
        "same",
        "additive",
        "The rows of the period, or their sum, with a touch before them; each belongs to the slice of the "
        "first one within so many days.",
        "first touch(visits.visitor to orders.customer within 30 days, orders.amount)",
        Parameter("path", "path"),
        Parameter("sum", "number", optional=True),
    ),
    _aggregate(
        "last touch",
        "same",
        "additive",
        "The rows of the period, or their sum, with a touch before them; each belongs to the slice of the "
        "last one within so many days.",
        "last touch(visits.visitor to orders.customer within 30 days)",
        Parameter("path", "path"),
        Parameter("sum", "number", optional=True),
    ),
)

ROW_FUNCTIONS = _by_name(
    _row("lower", "text", "The text in small letters.", "lower(campaign)", _TEXT),
    _row("upper", "text", "The text in capitals.", "upper(country)", _TEXT),
    _row("trim", "text", "The text without blanks at its ends.", "trim(campaign)", _TEXT),
    _row("length", "one", "The number of characters.", "length(comment)", _TEXT),
    _row(
        "contains",
        "flag",
        "Whether a text has another in it.",
        'contains(campaign, "brand")',
        _TEXT,
        Parameter("part", "text"),
    ),
    _row(
        "starts with",
        "flag",
        "Whether a text begins with another.",
        'starts with(campaign, "b_")',
        _TEXT,
        Parameter("part", "text"),
    ),
    _row(
        "ends with",
        "flag",
        "Whether a text ends with another.",
        'ends with(page, "/thanks")',
        _TEXT,
        Parameter("part", "text"),
    ),
    _row("year", "one", "The year of a day.", "year(created_on)", _DATE),
    _row("month", "one", "The month of a day, 1 to 12.", "month(created_on)", _DATE),
    _row("day of month", "one", "The day in its month, 1 to 31.", "day of month(created_on)", _DATE),
    _row("weekday", "one", "The day in its week, 1 is Monday.", "weekday(created_on)", _DATE),
    _row("hour", "one", "The hour of a moment, 0 to 23.", "hour(started_at)", Parameter("moment", "moment")),
    _row(
        "days between",
        "day",
        "Days from the first to the second; negative if the second is earlier.",
        "days between(created_at, shipped_on)",
        Parameter("from", "date"),
        Parameter("to", "date"),
    ),
    _row("abs", "same", "The number without its sign.", "abs(amount)", _X),
    _row(
        "round",
        "same",
        "The number rounded half away from zero, to a whole one or so many decimals.",
        "round(amount, 2)",
        _X,
        Parameter("digits", "digits", optional=True),
    ),
)

RESULT_FUNCTIONS = _by_name(
    _result(
        "previous period",
        "same",
        "over slices",
        "The value one period (or so many) earlier.",
        "previous period(leads)",
        Parameter("periods", "periods", optional=True),
    ),
    _result(
        "same period last year", "same", "same", "The value a year earlier.", "same period last year(sales)"
    ),
    _result(
        "growth",
        "percent",
        "none",
        "The change against the period before; no value if that is not positive.",
        "growth(leads)",
    ),
    _result(
        "yearly growth",
        "percent",
        "none",
        "The change against a year before; no value if that is not positive.",
        "yearly growth(sales)",
    ),
    _result(
        "running total",
        "same",
        "none",
        "The total from the start of the promise to the end of the period.",
        "running total(sales)",
    ),
    _result(
        "rolling average",
        "same",
        "none",
        "The mean of a period and the ones before it, so many in all.",
        "rolling average(sales, 3)",
        Parameter("periods", "periods"),
    ),
    _result(
        "share of total",
        "percent",
        "none",
        "The slice's part of the total of all slices.",
        "share of total(sales)",
    ),
    _result(
        "average over days",
        "same",
        "semi",
        "The mean of a level over the days: `closing` of every day, `last` of those with rows.",
        "average over days(closing(stock.level by product))",
    ),
    _result("abs", "same", "none", "The number without its sign.", "abs(leads - planned)"),
    _result(
        "round",
        "same",
        "none",
        "The number rounded half away from zero, to a whole one or so many decimals.",
        "round(sales / orders, 2)",
        Parameter("digits", "digits", optional=True),
    ),
)


def every() -> tuple[Function, ...]:
    """All functions, family by family; `abs` and `round` are in two."""
    return (*AGGREGATES.values(), *ROW_FUNCTIONS.values(), *RESULT_FUNCTIONS.values())

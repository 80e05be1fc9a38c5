"""What a spec file says, as frozen records with the place of each in the text.

Nothing here is resolved: a name is only a name, a unit only its words. Two nodes are equal when they say the
same; places do not count, so that formatting can be proved to change nothing.
"""

from __future__ import annotations

from typing import Literal

from attrs import field, fields, frozen

from kpidsl.diagnostics import Source, Span
from kpidsl.records import Record


@frozen(repr=False, eq=False)
class Node(Record):
    """Anything that has a place in the text."""

    span: Span = field(eq=False, repr=False)

    # One for all: attrs would compile it for each class. Where kinds have the same fields, they share a class
    # that has been made, for a hundred of them are an eighth of the time of a small `kpi lint`.

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node) or type(self) is not type(other):
            return NotImplemented
        return _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash((type(self), *_compared(self)))


def _compared(node: Node) -> list[object]:
    """What makes nodes equal: all but the place."""
    kind = type(node)
    if kind not in _SAID:
        _SAID[kind] = tuple(at.name for at in fields(kind) if at.eq)
    return [getattr(node, name) for name in _SAID[kind]]


_SAID: dict[type[Node], tuple[str, ...]] = {}


@frozen(repr=False, eq=False)
class Words(Node):
    """What is kept as a text; each kind is a class of its own."""

    text: str


class Word(Words):
    """A name that is introduced, or referred to where no dotted path may stand; backticks are taken off."""

    __slots__ = ()


class String(Words):
    """A quoted text, escapes resolved (`\\"` and `\\\\`)."""

    __slots__ = ()


class UnitText(Words):
    """The words of a unit, spaces folded: `EUR per lead`, `%`, `points`."""

    __slots__ = ()


class PeriodText(Words):
    """A period as written: `2026`, `2026-H1`, `2026-Q4`, `2026-03`, `2026-W14`, `2026-03-31`, `FY2026-Q1`,
    `RY2026-P01`; a named one with what it begins in, if that is said, as `black_friday 2026`."""

    __slots__ = ()


# -- expressions ---------------------------------------------------------------------------------------------


@frozen(repr=False, eq=False)
class Name(Node):
    """A reference: `leads`, or a path such as `ads.spend`."""

    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The path with dots, without backticks."""
        return ".".join(self.parts)


@frozen(repr=False, eq=False)
class Number(Node):
    """A number as written (`2_500`, `4.50`), with its unit when one follows."""

    text: str
    unit: UnitText | None

    @property
    def value(self) -> float:
        """The digits as a number; `5%` has the value 5 here and the unit `%`."""
        return float(self.text.replace("_", ""))


@frozen(repr=False, eq=False)
class Call(Node):
    """`name(args)`, or `name(args by weight)`. The name is the words before it: `count distinct`.

    With `within` it is a path, `name(a to b to c within 7 days)`: its arguments are the steps; `of` may
    follow after a comma.
    """

    name: Word
    args: tuple[Expression, ...]
    by: Expression | None = None
    within: Number | None = None
    of: Expression | None = None


@frozen(repr=False, eq=False)
class Unary(Node):
    """`- x` or `not x`."""

    op: str
    operand: Expression


@frozen(repr=False, eq=False)
class Binary(Node):
    """Arithmetic `+ - * /`, `98% of x`, comparison `= != < <= > >=`, logic `and or`."""

    op: str
    left: Expression
    right: Expression


@frozen(repr=False, eq=False)
class In(Node):
    """`x in (a, b)`, `x not in (a, b)`."""

    subject: Expression
    items: tuple[Expression, ...]
    negated: bool = False


@frozen(repr=False, eq=False)
class Between(Node):
    """`x between a and b`, both included."""

    subject: Expression
    low: Expression
    high: Expression
    negated: bool = False


@frozen(repr=False, eq=False)
class Missing(Node):
    """`x is missing`, `x is not missing`."""

    subject: Expression
    negated: bool = False


@frozen(repr=False, eq=False)
class When(Node):
    """`when c then v when d then w otherwise u`; without `otherwise` there is no value."""

    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None


@frozen(repr=False, eq=False)
class Where(Node):
    """An aggregation, a measure or a source restricted to the rows for which the condition holds."""

    subject: Expression
    condition: Expression


@frozen(repr=False, eq=False)
class Default(Node):
    """`x default 0`: the value to take where there is none."""

    subject: Expression
    value: Number


@frozen(repr=False, eq=False)
class Group(Node):
    """Parentheses as the author wrote them."""

    inner: Expression


Expression = (
    Name
    | Number
    | String
    | PeriodText
    | Call
    | Unary
    | Binary
    | In
    | Between
    | Missing
    | When
    | Where
    | Default
    | Group
)


# -- clauses that several definitions share ------------------------------------------------------------------


@frozen(repr=False, eq=False)
class Remark(Node):
    """A clause for people."""

    text: String


class Description(Remark):
    """`description "..."`."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class Caption(Node):
    """`label fr "Coût par lead"`: the title in another language."""

    language: Word
    text: String


class Owner(Remark):
    """`owner "Acquisition team"`."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class Formula(Node):
    """`formula ad_spend / leads`."""

    value: Expression


@frozen(repr=False, eq=False)
class UnitClause(Node):
    """`unit EUR per lead`."""

    unit: UnitText


# -- calendar ------------------------------------------------------------------------------------------------


@frozen(repr=False, eq=False)
class FiscalYear(Node):
    """`fiscal year starts in April`."""

    month: Word


@frozen(repr=False, eq=False)
class WeekStart(Node):
    """`weeks start on Monday`."""

    day: Word


@frozen(repr=False, eq=False)
class TimeZone(Node):
    """`time zone Europe/Paris`."""

    name: String


# -- source --------------------------------------------------------------------------------------------------


@frozen(repr=False, eq=False)
class RetailYears(Node):
    """`retail years 4-5-4 ending on the Saturday nearest the end of January`, or `the last Saturday of
    January`; without an ending that is the first one. `compared 52 weeks apart` may stand behind."""

    pattern: Word
    day: Word | None = None
    month: Word | None = None
    nearest: bool = True
    apart: bool = False


@frozen(repr=False, eq=False)
class Weekend(Node):
    """`weekend Friday, Saturday`, or `weekend none`."""

    days: tuple[Word, ...]


@frozen(repr=False, eq=False)
class Holidays(Node):
    """`holidays France`, `holidays Germany-BY`: the public holidays of a country or a region."""

    place: String


@frozen(repr=False, eq=False)
class Holiday(Node):
    """`holiday 2026-05-15 "Bridge"`: days off of the project's own."""

    period: PeriodText
    title: String | None


@frozen(repr=False, eq=False)
class Occurrence(Node):
    """`from 2026-11-23 to 2026-11-29`, once or several times under `period NAME`."""

    start: PeriodText
    end: PeriodText


@frozen(repr=False, eq=False)
class FromFiles(Node):
    """`from "data/ads/*.csv" separated by ";" decimal ","`; options are (word, value) in the order written.

    Option words: `separated by`, `decimal`, `thousands`, `dates`, `encoding`, `sheet`, `table`, `missing`.
    """

    pattern: String
    options: tuple[tuple[str, String], ...]


@frozen(repr=False, eq=False)
class FromTable(Node):
    """`from table "shop.orders" in shop`."""

    table: String
    connection: Word | None


@frozen(repr=False, eq=False)
class FromSource(Node):
    """`from views by session_id, day`: a row for each combination of these columns in another source."""

    source: Word
    keys: tuple[Word, ...]


@frozen(repr=False, eq=False)
class TimeColumn(Node):
    """`time created_at`."""

    column: Word


@frozen(repr=False, eq=False)
class ChannelColumn(Node):
    """`channel platform`: which column says the channel."""

    column: Word


@frozen(repr=False, eq=False)
class Row(Node):
    """`row lead`: each row is one lead."""

    thing: Word


Consequence = Literal["warn", "stale"]
"""`else stale`: what follows for verdicts where a source breaks its promise; None where nothing is said."""


@frozen(repr=False, eq=False)
class Key(Node):
    """`key day, platform, campaign`."""

    columns: tuple[Word, ...]
    otherwise: Consequence | None = None


@frozen(repr=False, eq=False)
class BelongsTo(Node):
    """`belongs to sessions by session_id`, or `by session_id = id` where the far key has another name."""

    target: Word
    column: Word
    far: Word | None


@frozen(repr=False, eq=False)
class Column(Node):
    """`column spend EUR`; `type` is `text number day moment flag`, or a unit; None when computed."""

    name: Word
    type: UnitText | None = None
    identity: Word | None = None
    """`column contact id of contact`: what the column identifies."""
    value: Expression | None = None
    """`column margin = amount - cost`."""


@frozen(repr=False, eq=False)
class Fresh(Node):
    """`fresh within 2 days`."""

    amount: Number
    """Its unit is the time word."""
    otherwise: Consequence | None = None


@frozen(repr=False, eq=False)
class Complete(Node):
    """`complete every day`."""

    grain: Word
    otherwise: Consequence | None = None


@frozen(repr=False, eq=False)
class Check(Node):
    """`check spend >= 0`."""

    condition: Expression
    otherwise: Consequence | None = None


@frozen(repr=False, eq=False)
class Volume(Node):
    """`rows at least 10 every day`, `rows at most 20 every day`, `rows between 10 and 20 every day`."""

    low: Number | None
    high: Number | None
    grain: Word
    otherwise: Consequence | None = None


@frozen(repr=False, eq=False)
class Scale(Node):
    """`scale score from 0 to 10`: what the values of a column lie between, both included."""

    column: Word
    low: Expression
    high: Expression
    """A `Number`, or one with a minus before it."""


# -- promises ------------------------------------------------------------------------------------------------


@frozen(repr=False, eq=False)
class Bound(Node):
    """`at least X`, `at most X`, `between X and Y`, `increase by X`, `decrease by X`."""

    direction: str
    value: Expression
    high: Expression | None = None


@frozen(repr=False, eq=False)
class Milestone(Node):
    """`at least 100 lead by 2026-03`."""

    bound: Bound
    by: PeriodText


@frozen(repr=False, eq=False)
class Level(Node):
    """`at least 100 lead in 2026-Q1`: the target of a period."""

    bound: Bound
    period: PeriodText


@frozen(repr=False, eq=False)
class Target(Node):
    """`target at least 25`, or a bare `target` with milestones or targets of periods under it."""

    bound: Bound | None
    milestones: tuple[Milestone | Level, ...] = ()


@frozen(repr=False, eq=False)
class Tolerance(Node):
    """`tolerance 5%`, `tolerance 2 points`, `tolerance 1_000 EUR`."""

    amount: Number


@frozen(repr=False, eq=False)
class Measured(Node):
    """`measured every month` (kind `every`), `cumulatively`, `over the last 28 days` (kind `last`)."""

    kind: str
    grain: Word | None = None
    amount: Number | None = None
    """For `last`: 28, with the unit `days`."""


@frozen(repr=False, eq=False)
class Moment(Node):
    """A clause that says when."""

    period: PeriodText


class From(Moment):
    """`from 2026-07-01`: the first day of the promise."""

    __slots__ = ()


class Deadline(Moment):
    """`deadline 2026-Q4`: the last day of the promise."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class Baseline(Node):
    """`baseline 2025-H2`, `baseline previous period`, `baseline same period last year`, or a value."""

    value: Expression | str
    """A `PeriodText`, another expression, or the words `previous period` / `same period last year`."""


@frozen(repr=False, eq=False)
class PacePart(Node):
    """`20% by 2026-03`: the part of the target that is expected by the end of a period."""

    share: Number
    by: PeriodText


@frozen(repr=False, eq=False)
class Pace(Node):
    """`pace linear`, `pace like last year`, `pace like last year by weekday`, `pace business days`, `none`;
    or `schedule`: shares under a bare `pace`."""

    kind: str
    parts: tuple[PacePart, ...] = ()


@frozen(repr=False, eq=False)
class Slice(Node):
    """A line under `by`: the value of the dimension, its own promise."""

    value: Word | String
    bound: Bound
    tolerance: Tolerance | None


@frozen(repr=False, eq=False)
class By(Node):
    """`by channel`, `by channel and country`, with targets per slice under it."""

    dimensions: tuple[Name, ...]
    slices: tuple[Slice, ...] = ()


@frozen(repr=False, eq=False)
class OnlyChannel(Node):
    """`channel google, meta`: the KPI looks at these channels only."""

    values: tuple[Word | String, ...]


class Stakeholder(Remark):
    """`stakeholder "Sales"`."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class Stage(Node):
    """`stage act`: reach, act, convert or engage."""

    name: Word


@frozen(repr=False, eq=False)
class Role(Node):
    """`leading` or `lagging`."""

    kind: str


@frozen(repr=False, eq=False)
class Review(Node):
    """`review every quarter`."""

    grain: Word


class Because(Remark):
    """`because "..."`: why the target is what it is."""

    __slots__ = ()


class Draft(Node):
    """`draft`: evaluated and shown, never counted."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class Confident(Node):
    """`confident 95%`."""

    level: Number


@frozen(repr=False, eq=False)
class SampleAtLeast(Node):
    """`sample at least 100 sessions`."""

    amount: Number


@frozen(repr=False, eq=False)
class Projection(Node):
    """`projection from pace`, `projection forecast`, `projection forecast at 90%`."""

    forecast: bool
    level: Number | None = None


@frozen(repr=False, eq=False)
class Deprecated(Node):
    """`deprecated until 2026-12-31 use net_sales`."""

    until: PeriodText | None
    use: Word | None


# -- objective -----------------------------------------------------------------------------------------------


@frozen(repr=False, eq=False)
class Member(Node):
    """`kpi online_sales weight 3 key`, `kpi visits for information`, `objective loyalty weight 2`."""

    kpi: Word
    weight: Number | None
    key: bool = False
    information: bool = False
    objective: bool = False
    """Whether it is an objective in place of a KPI."""


@frozen(repr=False, eq=False)
class Met(Node):
    """`met when all are met` (kind `all`), `any is met`, `at least 60% are met` (kind `share`)."""

    kind: str
    share: Number | None = None


# -- test and scenario ---------------------------------------------------------------------------------------


class Cell(Words):
    """A cell of a table, trimmed."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class Given(Node):
    """`given ads`, with rows under it; the first row names the columns."""

    source: Word
    rows: tuple[tuple[Cell, ...], ...]


class AsOf(Moment):
    """`as of 2026-02-01`."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class Expect(Node):
    """`expect roas for google in 2026-01 = 5, met`; `value` or `word` may be absent, not both.

    In a scenario a value alone is what was solved for: `expect 2_500 EUR`.
    """

    kpi: Word | None
    slice: Word | String | None
    period: PeriodText | None
    value: Expression | None
    word: str | None
    within: Number | None = None
    """How far the value may be off: `= 5 within 1%`."""
    absent: Word | None = None
    """`no value`, where that is expected."""
    finding: Word | None = None
    """`expect diagnostic K604`: the code or the name, and nothing else is said."""


@frozen(repr=False, eq=False)
class Set(Node):
    """`set cost_per_click = 5 EUR per click`, `set ad_spend for google increase by 10%`."""

    name: Word
    value: Expression
    how: str = "="
    """Or `increase by`, `decrease by`."""
    slice: Word | String | None = None


@frozen(repr=False, eq=False)
class Solve(Node):
    """`solve ad_budget for conversions = 20`."""

    unknown: Word
    kpi: Word
    value: Expression


Clause = (
    Description | Caption | Owner | Formula | UnitClause | FiscalYear | WeekStart | TimeZone | RetailYears
    | Weekend | Holidays | Holiday | Occurrence | FromFiles
    | FromTable | FromSource | TimeColumn | ChannelColumn | Row | Key | BelongsTo | Column | Fresh | Complete
    | Check | Volume | Target | Tolerance | Measured | From | Deadline | Baseline | Pace | By | OnlyChannel
    | Stakeholder | Stage | Role | Review | Because | Draft | Deprecated | Member | Met | Given | AsOf
    | Expect | Set | Solve | Confident | SampleAtLeast | Projection | Scale
)  # fmt: skip


# -- definitions ---------------------------------------------------------------------------------------------


@frozen(repr=False, eq=False)
class Import(Node):
    """`import "shared/calendar.kpi"`, relative to the file it stands in."""

    path: String


@frozen(repr=False, eq=False)
class CalendarDef(Node):
    """`calendar` and its clauses; one per project."""

    clauses: tuple[Clause, ...]


@frozen(repr=False, eq=False)
class Titled(Node):
    """A name, perhaps a title, and what is said of it."""

    name: Word
    title: String | None
    clauses: tuple[Clause, ...]


class PeriodDef(Titled):
    """`period black_friday "Black Friday week" from 2026-11-23 to 2026-11-29`, or several under it."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class Let(Node):
    """`let lifetime = 3 year`."""

    name: Word
    value: Expression


class SourceDef(Titled):
    """`source ads "Daily spend"`."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class MeasureDef(Node):
    """`measure leads "Leads" = count(crm)`, with `description`, `unit`, `label`, `owner` if wanted."""

    name: Word
    title: String | None
    value: Expression
    clauses: tuple[Clause, ...]


class KpiDef(Titled):
    """`kpi cost_per_lead "Cost per lead"`."""

    __slots__ = ()


class ObjectiveDef(Titled):
    """`objective grow_online "Grow online sales"`."""

    __slots__ = ()


@frozen(repr=False, eq=False)
class TestDef(Node):
    """`test "2 000 EUR of ads ..."`."""

    title: String
    clauses: tuple[Clause, ...]


@frozen(repr=False, eq=False)
class ScenarioDef(Node):
    """`scenario "What would 20 conversions cost?"`."""

    title: String
    clauses: tuple[Clause, ...]


Definition = (
    Import
    | CalendarDef
    | PeriodDef
    | Let
    | SourceDef
    | MeasureDef
    | KpiDef
    | ObjectiveDef
    | TestDef
    | ScenarioDef
)


@frozen(repr=False, eq=False)
class Comment(Node):
    """`# ...` to the end of the line; `alone` when nothing else stands on the line."""

    text: str
    alone: bool


@frozen
class File:
    """A parsed file: the definitions that could be read, in order, and every comment.

    `broken` are the stretches of definitions that could not be read; each has its diagnostic in the report.
    """

    source: Source = field(eq=False, repr=False)
    definitions: tuple[Definition, ...]
    comments: tuple[Comment, ...] = field(eq=False)
    broken: tuple[Span, ...] = field(default=(), eq=False)
    unread: frozenset[str] = field(default=frozenset(), eq=False)
    """The names that the broken definitions seem to have: no more is to be said about who refers to them."""

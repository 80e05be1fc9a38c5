"""Row expressions as SQL: columns of a source and of what it links to, computed columns put in, operators.

Numbers are DOUBLE throughout. A division by zero has no value, a comparison with a
missing value holds neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from attrs import define, field
from sqlglot import exp

from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.sql.spelling import say
from kpidsl.evaluate.sql.trees import SQL, Tree, call, cast, column, literal, select, table, text_of, when
from kpidsl.evaluate.sql.ways import over
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row
from kpidsl.model.sources import SourceSpec

_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
_TEXTS = frozenset(("text", "identity", "unknown"))
_ORDERED = frozenset(("<", "<=", ">", ">=", "between"))
_TIMES = frozenset(("day", "moment", "time"))


@define
class Tables:
    """The relations that a scan reads: the source's own and those reached by links, joined when a column is
    used."""

    specs: Mapping[str, SourceSpec]
    relations: Mapping[str, str | Tree]
    """Source to the name of its view, or to its query where no view can be made."""
    kinds: Mapping[str, Mapping[str, str]]
    """Source to column to its kind in the data: says whether a `time` column holds days or moments."""
    source: str
    joined: dict[tuple[str, ...], str] = field(factory=dict)
    """Links walked to the alias of the relation there."""
    dialect: Dialect = "duckdb"
    pretty: bool = False
    """Whether the text is for people."""
    made: Mapping[Row, tuple[str, str]] = field(factory=dict)
    """Column and kind of what a query below has made already: the aggregations of a grouped source, the
    subjects of filters in a cube."""

    def column(self, ref: ColumnRef, via: tuple[str, ...] = ()) -> SQL:
        """A column, or the expression of a computed one; `via` leads to the source that `ref` is relative
        to."""
        path = via + ref.via
        spec = self.specs[path[-1] if path else self.source]
        declared = spec.column(ref.name)
        if declared is not None and declared.value is not None and not spec.stored(declared):
            return self.row(declared.value, path)
        return column(ref.name, self.alias(path))

    def alias(self, path: tuple[str, ...]) -> str:
        """The name of the relation at the end of a path of links."""
        if not path:
            return "t"
        for n in range(1, len(path) + 1):
            self.joined.setdefault(path[:n], f"t{len(self.joined) + 1}")
        return self.joined[path]

    def kind(self, row: Row, via: tuple[str, ...] = ()) -> str:
        """What a row expression holds; of a column without a declared kind, what the data says."""
        if not via and row in self.made:
            return self.made[row][1]
        if isinstance(row, ColumnRef) and row.type.kind in ("time", "unknown"):
            path = via + row.via
            home = path[-1] if path else self.source
            return self.kinds.get(home, {}).get(row.name, row.type.kind)
        return row.type.kind

    def row(self, row: Row, via: tuple[str, ...] = ()) -> SQL:
        """A row expression as SQL."""
        if not via and row in self.made:
            return column(self.made[row][0], "t")
        match row:
            case Literal(value=value):
                return literal(value, self.dialect)
            case ColumnRef():
                return self.column(row, via)
            case Apply(op=op, args=args) if op in _COMPARISONS or op in ("in", "between"):
                return self._comparison(op, args, via)
            case Apply(op="on scale", args=(x, low, high)):
                there = self._comparison("between", (x, low, high), via)
                return when(there, self.row(x, via), exp.null())
            case Apply(op="round", args=(x, *digits)):
                places = [
                    int(d.value) for d in digits if isinstance(d, Literal) and isinstance(d.value, float)
                ]
                return self.say("round", self.row(x, via), *(places or [0]))
            case Apply(op=op, args=args):
                return _apply(op, [self.row(arg, via) for arg in args], self.dialect)
            case Gather():
                raise ValueError(f"{row.function} is made by a query below")

    def _comparison(self, op: str, args: Sequence[Row], via: tuple[str, ...]) -> SQL:
        """Operands of a comparison are brought to one type first: days with moments, texts with undeclared
        columns."""
        held = [self.kind(arg, via) for arg in args]
        kinds = {
            kind
            for kind, arg in zip(held, args, strict=True)
            if not (isinstance(arg, Literal) and arg.value is None)
        }
        operands = [self.row(arg, via) for arg in args]
        if kinds & {"day"} and kinds <= _TIMES and kinds != {"day"}:
            operands = [self.cast(x, "DATE") for x in operands]
        elif len(kinds) > 1 and "number" in kinds:
            operands = [self._as_number(x, kind) for x, kind in zip(operands, held, strict=True)]
        elif len(kinds) > 1 and kinds & _TEXTS:
            operands = [self.text(x, kind) for x, kind in zip(operands, held, strict=True)]
        if op in _ORDERED and kinds <= _TEXTS:
            operands = [self.say("in binary order", x) for x in operands]
        subject, *others = operands
        match op:
            case "in":
                return exp.paren(exp.In(this=subject, expressions=others), copy=False)
            case "between":
                return exp.paren(exp.Between(this=subject, low=others[0], high=others[1]), copy=False)
            case _:
                return exp.paren(_COMPARISONS[op](this=subject, expression=others[0]), copy=False)

    def _as_number(self, x: SQL, kind: str) -> SQL:
        """Of a text, the number that it is written as; NULL if it is none."""
        if kind == "number" and self.dialect != "duckdb":
            return x
        return self.say("number in", x if self.dialect == "duckdb" else self.cast(x, "VARCHAR"))

    def text(self, x: SQL, kind: str) -> SQL:
        """A value as a text to compare with or to show."""
        if self.dialect == "duckdb" or kind in _TEXTS:
            written = self.dialect != "duckdb" and isinstance(x, exp.Literal) and x.is_string
            return x if written else self.cast(x, "VARCHAR")
        match kind:
            case "number":
                return self.number_text(x)
            case "day":
                return self.say("day text", x)
            case "flag":
                return self.say("flag text", x)
            case _:
                return self.cast(x, "VARCHAR")

    def number_text(self, x: SQL) -> SQL:
        """A whole number without its `.0`."""
        whole = self.say("whole", x)
        small = exp.LT(this=call("ABS", x.copy()), expression=literal(1e15, self.dialect))
        return when(
            exp.And(this=whole, expression=small),
            self.cast(cast(x.copy(), "BIGINT"), "VARCHAR"),
            self.say("decimal text", x.copy()),
        )

    def written(self, query: exp.Query) -> str:
        """The text of a query on these tables."""
        return text_of(query, self.dialect, pretty=self.pretty)

    def say(self, operation: str, *args: object) -> SQL:
        """An operation of `spelling`."""
        return say(operation, self.dialect, *args)

    def cast(self, x: SQL, to: str) -> SQL:
        """`trees.cast` in the dialect of these tables."""
        return cast(x, to, self.dialect)

    def day(self) -> SQL:
        """The local day of a row of the scan's source."""
        time = self.specs[self.source].time
        assert time is not None
        moment = self.moment()
        return moment if self.kinds[self.source].get(time) == "day" else self.cast(moment, "DATE")

    def moment(self) -> SQL:
        """The time column itself: what is earliest and latest."""
        return column(self.specs[self.source].time or "", "t")

    def relation(self) -> exp.Select:
        """`SELECT ... FROM` the source and what it is joined to; to be called after all columns were asked
        for."""
        query = select([], table(self.relations[self.source], "t"))
        for path, alias in self.joined.items():
            near, far = self.specs[path[-2] if len(path) > 1 else self.source], path[-1]
            link = next(link for link in near.links if link.target == far)
            here: SQL = column(link.column, self.alias(path[:-1]))
            there: SQL = column(link.far, alias)
            if self._key_kind(near.name, link.column) != self._key_kind(far, link.far):
                here = self.text(here, self._key_kind(near.name, link.column))
                there = self.text(there, self._key_kind(far, link.far))
            query = query.join(
                table(self.relations[far], alias), on=exp.EQ(this=here, expression=there), join_type="left"
            )
        return query

    def _key_kind(self, source: str, column: str) -> str:
        declared = self.specs[source].column(column)
        kind = declared.type.kind if declared else "unknown"
        return self.kinds.get(source, {}).get(column, kind)


def _binary(kind: type[exp.Binary], args: Sequence[SQL]) -> SQL:
    return exp.paren(reduce(lambda a, b: kind(this=a, expression=b), args), copy=False)


def _divide(args: Sequence[SQL]) -> SQL:
    """Division by zero has no value. Operands are DOUBLE: 1 / 2 is a half."""
    zero = exp.Literal.number(0)
    return exp.paren(
        reduce(lambda a, b: over(a, exp.Nullif(this=b, expression=zero.copy())), args),
        copy=False,
    )


def _when_then(args: Sequence[SQL]) -> SQL:
    pairs = list(zip(args[0:-1:2], args[1::2], strict=True))
    return exp.Case(ifs=[exp.If(this=c, true=v) for c, v in pairs], default=args[-1])


def _tagged(tag: SQL, value: SQL) -> SQL:
    """A text that tells equal values of different sets of rows apart; none where there is no value."""
    front = exp.DPipe(this=tag, expression=exp.Literal.string(":"))
    return exp.paren(exp.DPipe(this=front, expression=cast(value, "VARCHAR")), copy=False)


_OPERATORS: dict[str, Callable[[Sequence[SQL]], SQL]] = {
    "+": lambda args: _binary(exp.Add, args),
    "-": lambda args: _binary(exp.Sub, args),
    "*": lambda args: _binary(exp.Mul, args),
    "/": _divide,
    "neg": lambda args: exp.paren(exp.Neg(this=exp.paren(args[0], copy=False)), copy=False),
    "and": lambda args: _binary(exp.And, args),
    "or": lambda args: _binary(exp.Or, args),
    "not": lambda args: exp.paren(exp.Not(this=exp.paren(args[0], copy=False)), copy=False),
    "missing": lambda args: exp.paren(exp.Is(this=args[0], expression=exp.null()), copy=False),
    "when": _when_then,
    "abs": lambda args: call("ABS", *args),
    "tagged": lambda args: _tagged(*args),
}
"""What all dialects say alike."""

_COUNTED = frozenset(("length", "year", "month", "day of month", "weekday", "hour"))
"""What gives whole numbers, which become DOUBLE like all numbers."""


def _apply(op: str, args: Sequence[SQL], dialect: Dialect) -> SQL:
    if op in _OPERATORS:
        return _OPERATORS[op](args)
    if op == "days between":
        days = say("days from to", dialect, *(cast(x, "DATE", dialect) for x in args))
        return cast(exp.paren(days, copy=False), "DOUBLE")
    value = say(op, dialect, *args)
    return cast(value, "DOUBLE") if op in _COUNTED else value

"""Scans as SQL trees. The only module that imports sqlglot; nothing here pastes text.

A scan is an inner select that projects what is shared (the bucket of the day, dimensions as text, each
filter and
argument once) under an outer one that groups and aggregates it by `CASE WHEN filter THEN argument END`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import reduce

from attrs import define, evolve, field
from sqlglot import exp

from kpidsl.evaluate.plan import Columns, Partial, Scan
from kpidsl.evaluate.windows import Buckets
from kpidsl.graph import Aggregate
from kpidsl.model.periods import Window
from kpidsl.model.rows import Apply, ColumnRef, Literal, Row
from kpidsl.model.sources import SourceSpec

SQL = exp.Expr

_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip
_TEXTS = frozenset(("text", "identity", "unknown"))
_TIMES = frozenset(("day", "moment", "time"))


@define
class Tables:
    """The relations that a scan reads: the source's own and those reached by links, joined when a column is
    used."""

    specs: Mapping[str, SourceSpec]
    relations: Mapping[str, str]
    """Source to the name of its view."""
    kinds: Mapping[str, Mapping[str, str]]
    """Source to column to its kind in the data: says whether a `time` column holds days or moments."""
    source: str
    joined: dict[tuple[str, ...], str] = field(factory=dict)
    """Links walked to the alias of the relation there."""

    def column(self, ref: ColumnRef, via: tuple[str, ...] = ()) -> SQL:
        """A column, or the expression of a computed one; `via` leads to the source that `ref` is relative
        to."""
        path = via + ref.via
        spec = self.specs[path[-1] if path else self.source]
        declared = spec.column(ref.name)
        if declared is not None and declared.value is not None:
            return self.row(declared.value, path)
        return exp.column(name(ref.name), table=name(self.alias(path)))

    def alias(self, path: tuple[str, ...]) -> str:
        """The name of the relation at the end of a path of links."""
        if not path:
            return "t"
        for n in range(1, len(path) + 1):
            self.joined.setdefault(path[:n], f"t{len(self.joined) + 1}")
        return self.joined[path]

    def kind(self, row: Row, via: tuple[str, ...] = ()) -> str:
        """What a row expression holds; of a column without a declared kind, what the data says."""
        if isinstance(row, ColumnRef) and row.type.kind in ("time", "unknown"):
            path = via + row.via
            home = path[-1] if path else self.source
            return self.kinds.get(home, {}).get(row.name, row.type.kind)
        return row.type.kind

    def row(self, row: Row, via: tuple[str, ...] = ()) -> SQL:
        """A row expression as SQL."""
        match row:
            case Literal(value=value):
                return literal(value)
            case ColumnRef():
                return self.column(row, via)
            case Apply(op=op, args=args) if op in _COMPARISONS or op in ("in", "between"):
                return self._comparison(op, args, via)
            case Apply(op=op, args=args):
                return _apply(op, [self.row(arg, via) for arg in args])

    def _comparison(self, op: str, args: Sequence[Row], via: tuple[str, ...]) -> SQL:
        """Operands of a comparison are brought to one type first: days with moments, texts with undeclared
        columns."""
        kinds = {self.kind(arg, via) for arg in args if not (isinstance(arg, Literal) and arg.value is None)}
        operands = [self.row(arg, via) for arg in args]
        if kinds & {"day"} and kinds <= _TIMES and kinds != {"day"}:
            operands = [exp.cast(x, "DATE") for x in operands]
        elif len(kinds) > 1 and "number" in kinds:
            operands = [exp.TryCast(this=x, to=exp.DataType.build("DOUBLE")) for x in operands]
        elif len(kinds) > 1 and kinds & _TEXTS:
            operands = [exp.cast(x, "VARCHAR") for x in operands]
        subject, *others = operands
        match op:
            case "in":
                return exp.paren(exp.In(this=subject, expressions=others), copy=False)
            case "between":
                return exp.paren(exp.Between(this=subject, low=others[0], high=others[1]), copy=False)
            case _:
                return exp.paren(_COMPARISONS[op](this=subject, expression=others[0]), copy=False)

    def day(self) -> SQL:
        """The local day of a row of the scan's source."""
        time = self.specs[self.source].time
        assert time is not None
        column: SQL = exp.column(name(time), table=name("t"))
        return column if self.kinds[self.source].get(time) == "day" else exp.cast(column, "DATE")

    def moment(self) -> SQL:
        """The time column itself: what is earliest and latest."""
        return exp.column(name(self.specs[self.source].time or ""), table=name("t"))

    def relation(self) -> exp.Select:
        """`SELECT ... FROM` the source and what it is joined to; to be called after all columns were asked
        for."""
        query = exp.select().from_(_table(self.relations[self.source], "t"))
        for path, alias in self.joined.items():
            near, far = self.specs[path[-2] if len(path) > 1 else self.source], path[-1]
            link = next(link for link in near.links if link.target == far)
            here = exp.column(name(link.column), table=name(self.alias(path[:-1])))
            there = exp.column(name(link.far), table=name(alias))
            if self._key_kind(near.name, link.column) != self._key_kind(far, link.far):
                here, there = exp.cast(here, "VARCHAR"), exp.cast(there, "VARCHAR")
            query = query.join(_table(self.relations[far], alias), on=exp.EQ(this=here, expression=there),
                               join_type="left")  # fmt: skip
        return query

    def _key_kind(self, source: str, column: str) -> str:
        declared = self.specs[source].column(column)
        kind = declared.type.kind if declared else "unknown"
        return self.kinds.get(source, {}).get(column, kind)


def name(text: str) -> exp.Identifier:
    """An identifier, always quoted."""
    return exp.to_identifier(text, quoted=True)


def literal(value: float | str | bool | date | None) -> SQL:
    """A constant. Numbers are written with an exponent, which makes them DOUBLE rather than DECIMAL."""
    match value:
        case None:
            return exp.null()
        case bool():
            return exp.true() if value else exp.false()
        case str():
            return exp.Literal.string(value)
        case date():
            return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
        case _:
            text = repr(float(abs(value)))
            number = exp.Literal.number(text if "e" in text else f"{text}e0")
            return exp.Neg(this=number) if value < 0 else number


def _integer(value: int) -> SQL:
    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def _table(relation: str, alias: str) -> exp.Table:
    return exp.Table(this=name(relation), alias=exp.TableAlias(this=name(alias)))


def _call(function: str, *args: SQL) -> SQL:
    return exp.Anonymous(this=function, expressions=list(args))


def _when(condition: SQL, value: SQL, otherwise: SQL | None = None) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=condition, true=value)], default=otherwise)


def _binary(kind: type[exp.Binary], args: Sequence[SQL]) -> SQL:
    return exp.paren(reduce(lambda a, b: kind(this=a, expression=b), args), copy=False)


def _divide(args: Sequence[SQL]) -> SQL:
    """Division by zero has no value. Operands are DOUBLE: 1 / 2 is a half."""
    zero = exp.Literal.number(0)
    return exp.paren(
        reduce(lambda a, b: exp.Div(this=a, expression=exp.Nullif(this=b, expression=zero.copy())), args),
        copy=False,
    )


def _as_day(x: SQL) -> SQL:
    return exp.cast(x, "DATE")


def _number(function: str) -> Callable[[Sequence[SQL]], SQL]:
    """A function that gives whole numbers, as DOUBLE like all numbers."""
    return lambda args: exp.cast(_call(function, *args), "DOUBLE")


def _round(args: Sequence[SQL]) -> SQL:
    """DuckDB rounds a DOUBLE half away from zero."""
    digits = [exp.cast(d, "INT") for d in args[1:]]
    return _call("ROUND", args[0], *digits)


def _when_then(args: Sequence[SQL]) -> SQL:
    pairs = list(zip(args[0:-1:2], args[1::2], strict=True))
    return exp.Case(ifs=[exp.If(this=c, true=v) for c, v in pairs], default=args[-1])


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
    "lower": lambda args: _call("LOWER", *args),
    "upper": lambda args: _call("UPPER", *args),
    "trim": lambda args: _call("TRIM", *args),
    "length": _number("LENGTH"),
    "contains": lambda args: _call("CONTAINS", *args),
    "starts with": lambda args: _call("STARTS_WITH", *args),
    "ends with": lambda args: _call("SUFFIX", *args),
    "year": _number("YEAR"),
    "month": _number("MONTH"),
    "day of month": _number("DAY"),
    "weekday": _number("ISODOW"),
    "hour": _number("HOUR"),
    "days between": lambda args: exp.cast(
        exp.paren(exp.Sub(this=_as_day(args[1]), expression=_as_day(args[0])), copy=False), "DOUBLE"
    ),
    "abs": lambda args: _call("ABS", *args),
    "round": _round,
}  # fmt: skip


def _apply(op: str, args: Sequence[SQL]) -> SQL:
    return _OPERATORS[op](args)


# -- scans
# ------------------------------------------------------------------------------------------------------


@define
class _Inner:
    """The inner select in the making: every expression once, under a short name."""

    tables: Tables
    names: dict[object, str] = field(factory=dict)
    columns: list[SQL] = field(factory=list)

    def add(self, key: object, prefix: str, make: Callable[[], SQL]) -> SQL:
        """The outer name of an expression, projected when it is asked for the first time."""
        if key not in self.names:
            alias = f"{prefix}{len(self.columns)}"
            self.names[key] = alias
            self.columns.append(exp.alias_(make(), name(alias), copy=False))
        return exp.column(name(self.names[key]))

    def value(self, row: Row, kept: Row | None) -> SQL:
        """A row expression where the filter holds, NULL elsewhere."""
        value = self.add(row, "a", lambda: self._argument(row))
        return value if kept is None else _when(self.condition(kept), value)

    def condition(self, row: Row) -> SQL:
        return self.add(row, "f", lambda: self.tables.row(row))

    def _argument(self, row: Row) -> SQL:
        """Arithmetic may overflow to infinity, which is no value; columns hold finite numbers or NULL."""
        sql = self.tables.row(row)
        if row.type.kind != "number":
            return sql
        if (
            isinstance(row, ColumnRef)
            and self.tables.kind(row) == "number"
            and not isinstance(sql, exp.Paren | exp.Case)
        ):
            return sql
        return _when(_call("ISFINITE", sql), sql.copy())


def scan_sql(scan: Scan, tables: Tables) -> str:
    """The text of a scan for DuckDB.

    Its columns are `b` (the bucket, or the window's index), `g` (which dimensions a row is grouped by, when
    there are
    several sets), `d0` ... (the dimensions of `dimensions_of(scan)`, as text) and `v0` ... (the parts of the
    scan).
    """
    inner = _Inner(tables)
    dims = dimensions_of(scan)
    inner.columns.append(exp.alias_(_bucket(scan, tables), name("b"), copy=False))
    for n, ref in enumerate(dims):
        inner.columns.append(exp.alias_(_text(ref, tables), name(f"d{n}"), copy=False))
    keys = ["b", *(f"d{n}" for n in range(len(dims)))]
    groups = [["b", *(f"d{dims.index(ref)}" for ref in columns)] for columns in scan.sets]
    grouping = [exp.alias_(_call("GROUPING", *map(_column, keys[1:])), name("g"))] if len(groups) > 1 else []
    if scan.kind == "ends":
        return _ends(scan, inner, keys, groups, grouping)
    if scan.classes:
        return _by_class(scan, inner, keys, groups, grouping)
    values = [_part(part, inner) for part in scan.parts()]
    outer = exp.select(*map(_column, keys), *grouping, *_numbered(values)).from_(_from(scan, inner))
    return _text_of(_grouped(outer, groups))


def dimensions_of(scan: Scan) -> Columns:
    """Every column that a scan groups by, in the order of its result."""
    return tuple(dict.fromkeys(ref for columns in scan.sets for ref in columns))


def masks_of(scan: Scan) -> tuple[int, ...]:
    """The value of `g` in the rows of each dimension set: a bit for each dimension that is not grouped by."""
    dims = dimensions_of(scan)
    return tuple(
        sum(1 << (len(dims) - 1 - n) for n, ref in enumerate(dims) if ref not in columns)
        for columns in scan.sets
    )


_BITS = 60


def class_count_sql(scan: Scan, tables: Tables, rows: int) -> str:
    """How many classes the first so many rows fall into (`n`)."""
    inner = _Inner(tables)
    masks = _masks(scan.conditions(), inner)
    where = reduce(lambda a, b: exp.Or(this=a, expression=b), [_within(days, tables) for days in scan.days])
    sample = tables.relation().select(*inner.columns, copy=False).where(where, copy=False).limit(rows)
    distinct = exp.select(*masks).distinct().from_(sample.subquery("r"))
    return _text_of(
        exp.select(exp.alias_(exp.Count(this=exp.Star()), name("n"))).from_(distinct.subquery("c"))
    )


def _masks(conditions: Sequence[Row], inner: _Inner) -> list[SQL]:
    """Integers with a bit for each condition that holds."""
    found = []
    for start in range(0, len(conditions), _BITS):
        bits = [
            _when(inner.condition(row), _integer(1 << n), _integer(0))
            for n, row in enumerate(conditions[start : start + _BITS])
        ]
        mask = reduce(lambda a, b: exp.Add(this=a, expression=b), bits)
        found.append(exp.alias_(mask, name(f"m{start // _BITS}")))
    return found


def _by_class(
    scan: Scan, inner: _Inner, keys: list[str], groups: list[list[str]], grouping: Sequence[SQL]
) -> str:
    """Rows that pass the same filters are added up together first, whatever they are; then each part picks
    its classes.

    Every argument is aggregated once, not once per filter, and the many aggregations see few rows.
    """
    conditions = scan.conditions()
    masks = _masks(conditions, inner)
    parts: dict[Partial, str] = {}
    sums: list[SQL] = []
    values = []
    for part in scan.partials:
        plain = Partial("rows", None, None) if part.op in ("rows", "holds") else evolve(part, filter=None)
        if plain not in parts:
            parts[plain] = f"p{len(parts)}"
            sums.append(exp.alias_(_part(plain, inner), name(parts[plain])))
        needed = [
            row for row in (part.filter, part.argument if part.op == "holds" else None) if row is not None
        ]
        value: SQL = _column(parts[plain])
        if needed:
            value = _when(
                reduce(
                    lambda a, b: exp.And(this=a, expression=b), [_bit(conditions.index(c)) for c in needed]
                ),
                value,
            )
        values.append(
            exp.Min(this=value)
            if part.op == "min"
            else exp.Max(this=value)
            if part.op == "max"
            else exp.Sum(this=value)
        )
    classes = [f"m{n}" for n in range(len(masks))]
    others = [column.alias for column in inner.columns if column.alias not in keys and column.alias[0] == "a"]
    rows = exp.select(*map(_column, [*keys, *others]), *masks).from_(_from(scan, inner))
    cells = exp.select(*map(_column, [*keys, *classes]), *sums).from_(rows.subquery("c"))
    cells = cells.group_by(*map(_column, [*keys, *classes]))
    outer = exp.select(*map(_column, keys), *grouping, *_numbered(values)).from_(cells.subquery("s"))
    return _text_of(_grouped(outer, groups))


def _bit(n: int) -> SQL:
    """Whether condition n holds in a class."""
    both = exp.BitwiseAnd(this=_column(f"m{n // _BITS}"), expression=_integer(1 << n % _BITS))
    return exp.NEQ(this=exp.paren(both, copy=False), expression=_integer(0))


def _ends(
    scan: Scan, inner: _Inner, keys: list[str], groups: list[list[str]], grouping: Sequence[SQL]
) -> str:
    """Levels: sums per moment first, then the one of the earliest or latest moment that has any."""
    inner.columns.append(exp.alias_(inner.tables.moment(), name("m"), copy=False))
    sums: dict[tuple[Row | None, Row | None], str] = {}
    columns = []
    values = []
    for part in scan.partials:
        assert part.argument is not None
        key = (part.argument, part.filter)
        if key not in sums:
            sums[key] = f"s{len(sums)}"
            columns.append(exp.alias_(exp.Sum(this=inner.value(part.argument, part.filter)), name(sums[key])))
        level, moment = _column(sums[key]), _column("m")
        if part.op == "level":
            values.append(_call("ARG_MAX" if part.end == "last" else "ARG_MIN", level, moment))
        else:
            there = _when(exp.Not(this=exp.Is(this=level, expression=exp.null())), moment)
            values.append(exp.Max(this=there) if part.end == "last" else exp.Min(this=there))
    middle = exp.select(*map(_column, keys), *grouping, _column("m"), *columns).from_(_from(scan, inner))
    middle = _grouped(middle, [[*group, "m"] for group in groups])
    outer_keys = [*keys, "g"] if grouping else keys
    outer = exp.select(*map(_column, outer_keys), *_numbered(values)).from_(middle.subquery("s"))
    return _text_of(outer.group_by(*map(_column, outer_keys)))


def _part(part: Partial | Aggregate, inner: _Inner) -> SQL:
    """The aggregation that answers one part of a scan."""
    match part:
        case Aggregate(function="count distinct", argument=Row_, filter=kept) if Row_ is not None:
            return exp.Count(this=exp.Distinct(expressions=[inner.value(Row_, kept)]))
        case Aggregate(argument=x, filter=kept, parameter=rank) if x is not None:
            share = 50.0 if part.function == "median" or rank is None else rank
            return _call("QUANTILE_CONT", inner.value(x, kept), literal(share / 100))
        case Partial(op="rows", filter=kept):
            return exp.Count(this=exp.Star()) if kept is None else _call("COUNT_IF", inner.condition(kept))
        case Partial(op=op, argument=x, filter=kept, weight=weight) if x is not None:
            return _merging(op, x, kept, weight, inner)
    raise ValueError(f"{part} has no argument")


def _merging(op: str, x: Row, kept: Row | None, weight: Row | None, inner: _Inner) -> SQL:
    if op == "holds":
        holds = (
            inner.condition(x)
            if kept is None
            else exp.And(this=inner.condition(kept), expression=inner.condition(x))
        )
        return _call("COUNT_IF", holds)
    if op == "products":
        assert weight is not None
        return exp.Sum(this=inner.value(Apply("*", (x, weight), x.type), kept))
    if op == "weights":
        assert weight is not None
        there = Apply("not", (Apply("missing", (x,), weight.type),), weight.type)
        return exp.Sum(
            this=inner.value(Apply("when", (there, weight, Literal(None, weight.type)), weight.type), kept)
        )
    value = inner.value(x, kept)
    match op:
        case "sum":
            return exp.Sum(this=value)
        case "count":
            return exp.Count(this=value)
        case "min":
            return exp.Min(this=value)
        case "max":
            return exp.Max(this=value)
        case "mean":
            return exp.Avg(this=value)
        case _:
            return exp.Mul(this=_call("VAR_POP", value), expression=exp.Count(this=value.copy()))


def _bucket(scan: Scan, tables: Tables) -> SQL:
    if scan.buckets is None:
        return exp.column(name("i"), table=name("w"))
    return _bucket_of(scan.buckets, tables.day())


def _bucket_of(grid: Buckets, day: SQL) -> SQL:
    """The index of a day's bucket. Plain arithmetic is twice as quick as date_trunc in DuckDB."""
    if grid.kind == "cuts":
        return _cut(grid.edges, 0, len(grid.edges) - 1, day)
    start = grid.edges[0]
    if grid.kind == "month":
        months = exp.Add(
            this=exp.Mul(this=_call("YEAR", day), expression=_integer(12)),
            expression=_call("MONTH", day.copy()),
        )
        number: SQL = exp.Sub(this=months, expression=_integer(start.year * 12 + start.month))
    else:
        number = exp.Sub(this=day, expression=literal(start))
    if grid.step == 1:
        return number
    return exp.IntDiv(this=exp.paren(number, copy=False), expression=_integer(grid.step))


def _cut(edges: Sequence[date], low: int, high: int, day: SQL) -> SQL:
    """A balanced tree of comparisons: the bucket between two edges."""
    if high - low == 1:
        return _integer(low)
    middle = (low + high) // 2
    before = exp.LT(this=day.copy(), expression=literal(edges[middle]))
    return _when(before, _cut(edges, low, middle, day), _cut(edges, middle, high, day))


def _text(ref: ColumnRef, tables: Tables) -> SQL:
    """A dimension's value as text: a whole number without its `.0`, a moment as its day."""
    column = tables.column(ref)
    kind = tables.kind(ref)
    if kind == "number":
        whole = exp.EQ(this=column, expression=_call("TRUNC", column.copy()))
        small = exp.LT(this=_call("ABS", column.copy()), expression=literal(1e15))
        return _when(
            exp.And(this=whole, expression=small),
            exp.cast(exp.cast(column.copy(), "BIGINT"), "VARCHAR"),
            exp.cast(column.copy(), "VARCHAR"),
        )
    return exp.cast(exp.cast(column, "DATE") if kind == "moment" else column, "VARCHAR")


def _from(scan: Scan, inner: _Inner) -> exp.Subquery:
    """The finished inner select."""
    where = reduce(
        lambda a, b: exp.Or(this=a, expression=b), [_within(days, inner.tables) for days in scan.days]
    )
    query = inner.tables.relation().select(*inner.columns, copy=False).where(where, copy=False)
    if scan.buckets is None:
        rows = [
            exp.Tuple(expressions=[_integer(n), literal(w.start), literal(w.end)])
            for n, w in enumerate(scan.windows)
        ]
        alias = exp.TableAlias(this=name("w"), columns=[name("i"), name("low"), name("high")])
        low, high = (exp.column(name(end), table=name("w")) for end in ("low", "high"))
        query = query.join(
            exp.Values(expressions=rows, alias=alias),
            on=exp.Between(this=inner.tables.day(), low=low, high=high),
        )
    return query.subquery("r")


def _within(days: Window, tables: Tables) -> SQL:
    """Compared as it is stored, so that files and row groups outside are skipped."""
    time = tables.specs[tables.source].time or ""
    if tables.kinds[tables.source].get(time) == "day":
        return exp.Between(this=tables.moment(), low=literal(days.start), high=literal(days.end))
    after = exp.GTE(this=tables.moment(), expression=literal(days.start))
    before = exp.LT(this=tables.moment(), expression=literal(days.end + timedelta(days=1)))
    return exp.paren(exp.And(this=after, expression=before), copy=False)


def _column(text: str) -> exp.Column:
    return exp.column(name(text))


def _numbered(values: Sequence[SQL]) -> list[SQL]:
    return [
        exp.alias_(exp.cast(v, "DOUBLE") if not _is_moment(v) else v, name(f"v{n}"))
        for n, v in enumerate(values)
    ]


def _is_moment(value: SQL) -> bool:
    return isinstance(value, exp.Max | exp.Min) and isinstance(value.this, exp.Case) and _is_m(value.this)


def _is_m(case: exp.Case) -> bool:
    return bool(case.args["ifs"][0].args["true"].name == "m")


def _grouped(query: exp.Select, groups: list[list[str]]) -> exp.Select:
    if len(groups) == 1:
        return query.group_by(*map(_column, groups[0]))
    sets = [exp.Tuple(expressions=[_column(key) for key in group]) for group in groups]
    return query.group_by(exp.GroupingSets(expressions=sets))


def _text_of(query: exp.Expression) -> str:
    return query.sql("duckdb")


# -- checks
# -----------------------------------------------------------------------------------------------------


def breaches_sql(conditions: Sequence[Row], tables: Tables, as_of: date) -> str:
    """How many rows up to as-of break each condition (`v0` ...). A condition on a missing value is not
    broken."""
    broken = [
        _when(exp.Not(this=exp.paren(tables.row(c), copy=False)), exp.Literal.number(1)) for c in conditions
    ]
    query = tables.relation().select(*_numbered([exp.Count(this=b) for b in broken]), copy=False)
    return _text_of(query.where(_until(as_of, tables)))


def breach_sql(condition: Row, columns: Sequence[ColumnRef], tables: Tables, as_of: date) -> str:
    """The columns (`d0` ..., as text) of one row that breaks a condition: always the same one."""
    shown = [
        exp.alias_(exp.cast(tables.column(ref), "VARCHAR"), name(f"d{n}")) for n, ref in enumerate(columns)
    ]
    broken = exp.Not(this=exp.paren(tables.row(condition), copy=False))
    query = tables.relation().select(*shown, copy=False).where(broken, _until(as_of, tables))
    return _text_of(query.order_by(*(_column(f"d{n}") for n in range(len(shown)))).limit(1))


def _until(as_of: date, tables: Tables) -> SQL:
    if tables.specs[tables.source].time is None:
        return exp.true()
    return exp.LTE(this=tables.day(), expression=literal(as_of))

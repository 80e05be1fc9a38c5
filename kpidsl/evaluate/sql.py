"""Scans as SQL trees. The only module that imports sqlglot; nothing here pastes text.

A scan is an inner select that projects what is shared (the bucket of the day, dimensions as text, each filter and
argument once) under an outer one that groups and aggregates it by `CASE WHEN filter THEN argument END`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial, reduce

from attrs import define, field
from sqlglot import exp

from kpidsl.evaluate.plan import Columns, Partial, Scan
from kpidsl.evaluate.windows import Buckets
from kpidsl.graph import Aggregate
from kpidsl.model.periods import Window
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, Row, gathers_of
from kpidsl.model.sources import ColumnSpec, SourceSpec

SQL = exp.Expr

_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip
_TEXTS = frozenset(("text", "identity", "unknown"))
_TIMES = frozenset(("day", "moment", "time"))


@define
class Tables:
    """The relations that a scan reads: the source's own and those reached by links, joined when a column is used."""

    specs: Mapping[str, SourceSpec]
    relations: Mapping[str, str]
    """Source to the name of its view."""
    kinds: Mapping[str, Mapping[str, str]]
    """Source to column to its kind in the data: says whether a `time` column holds days or moments."""
    source: str
    joined: dict[tuple[str, ...], str] = field(factory=dict)
    """Links walked to the alias of the relation there."""
    gathered: Mapping[Gather, tuple[str, str]] = field(factory=dict)
    """Aggregations that were made before, when the rows of a grouped source are put together: column and kind."""

    def column(self, ref: ColumnRef, via: tuple[str, ...] = ()) -> SQL:
        """A column, or the expression of a computed one; `via` leads to the source that `ref` is relative to."""
        path = via + ref.via
        spec = self.specs[path[-1] if path else self.source]
        declared = spec.column(ref.name)
        if declared is not None and declared.value is not None and not spec.stored(declared):
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
        if isinstance(row, Gather) and row in self.gathered:
            return self.gathered[row][1]
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
            case Gather():
                return exp.column(name(self.gathered[row][0]), table=name("t"))

    def _comparison(self, op: str, args: Sequence[Row], via: tuple[str, ...]) -> SQL:
        """Operands of a comparison are brought to one type first: days with moments, texts with undeclared columns."""
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
        """`SELECT ... FROM` the source and what it is joined to; to be called after all columns were asked for."""
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
        reduce(lambda a, b: exp.Div(this=a, expression=exp.Nullif(this=b, expression=zero.copy())), args), copy=False
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


# -- scans ------------------------------------------------------------------------------------------------------


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
        if isinstance(row, ColumnRef) and self.tables.kind(row) == "number" and not isinstance(sql, exp.Paren | exp.Case):
            return sql
        return _when(_call("ISFINITE", sql), sql.copy())


def scan_sql(scan: Scan, tables: Tables) -> str:
    """The text of a scan for DuckDB.

    Its columns are `b` (the bucket, or the window's index), `g` (which dimensions a row is grouped by, when there are
    several sets), `d0` ... (the dimensions of `dimensions_of(scan)`, as text) and `v0` ... (the parts of the scan).
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
        sum(1 << (len(dims) - 1 - n) for n, ref in enumerate(dims) if ref not in columns) for columns in scan.sets
    )


def _ends(scan: Scan, inner: _Inner, keys: list[str], groups: list[list[str]], grouping: Sequence[SQL]) -> str:
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
            one = exp.Literal.number(1)
            return exp.Count(this=exp.Star() if kept is None else _when(inner.condition(kept), one))
        case Partial(op=op, argument=x, filter=kept, weight=weight) if x is not None:
            return _merging(op, x, kept, weight, inner)
    raise ValueError(f"{part} has no argument")


def _merging(op: str, x: Row, kept: Row | None, weight: Row | None, inner: _Inner) -> SQL:
    if op == "holds":
        holds = inner.condition(x) if kept is None else exp.And(this=inner.condition(kept), expression=inner.condition(x))
        return exp.Count(this=_when(holds, exp.Literal.number(1)))
    if op == "products":
        assert weight is not None
        return exp.Sum(this=inner.value(Apply("*", (x, weight), x.type), kept))
    if op == "weights":
        assert weight is not None
        there = Apply("not", (Apply("missing", (x,), weight.type),), weight.type)
        return exp.Sum(this=inner.value(Apply("when", (there, weight, Literal(None, weight.type)), weight.type), kept))
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
        months = exp.Add(this=exp.Mul(this=_call("YEAR", day), expression=_integer(12)), expression=_call("MONTH", day.copy()))
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
    where = reduce(lambda a, b: exp.Or(this=a, expression=b), [_within(days, inner.tables) for days in scan.days])
    query = inner.tables.relation().select(*inner.columns, copy=False).where(where, copy=False)
    if scan.buckets is None:
        rows = [
            exp.Tuple(expressions=[_integer(n), literal(w.start), literal(w.end)]) for n, w in enumerate(scan.windows)
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
    return [exp.alias_(exp.cast(v, "DOUBLE") if not _is_moment(v) else v, name(f"v{n}")) for n, v in enumerate(values)]


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


# -- checks -----------------------------------------------------------------------------------------------------


def breaches_sql(conditions: Sequence[Row], tables: Tables, as_of: date) -> str:
    """How many rows up to as-of break each condition (`v0` ...). A condition on a missing value is not broken."""
    broken = [_when(exp.Not(this=exp.paren(tables.row(c), copy=False)), exp.Literal.number(1)) for c in conditions]
    query = tables.relation().select(*_numbered([exp.Count(this=b) for b in broken]), copy=False)
    return _text_of(query.where(_until(as_of, tables)))


def breach_sql(condition: Row, columns: Sequence[ColumnRef], tables: Tables, as_of: date) -> str:
    """The columns (`d0` ..., as text) of one row that breaks a condition: always the same one."""
    shown = [exp.alias_(exp.cast(tables.column(ref), "VARCHAR"), name(f"d{n}")) for n, ref in enumerate(columns)]
    broken = exp.Not(this=exp.paren(tables.row(condition), copy=False))
    query = tables.relation().select(*shown, copy=False).where(broken, _until(as_of, tables))
    return _text_of(query.order_by(*(_column(f"d{n}") for n in range(len(shown)))).limit(1))


def _until(as_of: date, tables: Tables) -> SQL:
    if tables.specs[tables.source].time is None:
        return exp.true()
    return exp.LTE(this=tables.day(), expression=literal(as_of))


# -- grouped sources --------------------------------------------------------------------------------------------

_COMPUTED = frozenset(("sum", "average", "weighted average", "median", "percentile", "standard deviation", "share"))
"""Aggregates whose last digits depend on the order of rows, and are cut off as those of all results are."""


def grouped_sql(
    spec: SourceSpec, keys: Sequence[tuple[str, ColumnRef]], columns: Sequence[ColumnSpec], parent: Tables, as_of: date
) -> tuple[str, dict[str, str]]:
    """The rows of a grouped source: keys and columns by their names, and the kind of each.

    The rows of the parent up to as-of are grouped first (those that lack a key make no row); then each column is put
    together from its aggregations.
    """
    inner = _Inner(parent)
    gathered: dict[Gather, tuple[str, str]] = {}
    values: list[SQL] = []
    kinds: dict[str, str] = {}
    for word, ref in keys:
        values.append(exp.alias_(inner.add(ref, "k", partial(parent.column, ref)), name(word), copy=False))
        kinds[word] = _held(parent.kind(ref))
    longer = "_" * max(len(word) for word, _ in keys)  # so that no key is called like an aggregation
    for gather in dict.fromkeys(g for c in columns for g in sorted(gathers_of(c.value), key=repr)):
        alias = f"{longer}{len(gathered)}"
        values.append(exp.alias_(_gather(gather, inner), name(alias), copy=False))
        same = gather.argument if gather.function in ("first", "last", "min", "max") else None
        gathered[gather] = (alias, _held(parent.kind(same)) if same is not None else gather.type.kind)
    here = Tables({spec.name: spec}, {}, {spec.name: kinds}, spec.name, gathered=gathered)
    made: list[SQL] = [exp.column(name(word), table=name("t")) for word, _ in keys]
    for column in columns:
        assert column.value is not None
        made.append(exp.alias_(_finite(column.value, here), name(column.name), copy=False))
        kinds[column.name] = _held(here.kind(column.value))
    rows = parent.relation().select(*inner.columns, copy=False).where(_until(as_of, parent))
    there = [exp.Not(this=exp.Is(this=inner.add(ref, "k", exp.null), expression=exp.null())) for _, ref in keys]
    groups = exp.select(*values).from_(rows.subquery("r")).where(*there)
    groups = groups.group_by(*(inner.add(ref, "k", exp.null) for _, ref in keys))
    return _text_of(exp.select(*made).from_(groups.subquery("t"))), kinds


def keyless_sql(keys: Sequence[tuple[str, ColumnRef]], parent: Tables, as_of: date) -> str:
    """How many rows of the parent up to as-of lack a key (`v0`)."""
    lacking = [exp.Is(this=parent.column(ref), expression=exp.null()) for _, ref in keys]
    condition = reduce(lambda a, b: exp.Or(this=a, expression=b), lacking[1:], lacking[0])
    count = exp.alias_(exp.Count(this=exp.Star()), name("v0"))
    return _text_of(parent.relation().select(count, copy=False).where(condition, _until(as_of, parent)))


def _held(kind: str) -> str:
    """How a column that holds such values is read."""
    return "text" if kind == "identity" else kind


def _finite(row: Row, tables: Tables) -> SQL:
    sql = tables.row(row)
    if row.type.kind != "number" or isinstance(row, Gather | ColumnRef):
        return sql
    return _when(_call("ISFINITE", sql), sql.copy())


def _gather(gather: Gather, inner: _Inner) -> SQL:
    """One aggregation of a grouped source; over rows of which none passes the filter a sum and a count are 0."""
    x, kept = gather.argument, gather.filter
    if gather.function in ("first", "last"):
        return _end_value(gather, inner)
    if gather.function == "count":
        value = _part(Partial("rows", None, kept), inner)
    elif gather.function == "share":
        holds, rows = _part(Partial("holds", x, kept), inner), _part(Partial("rows", None, kept), inner)
        value = _divide([exp.cast(holds, "DOUBLE"), rows])
    elif gather.function == "weighted average":
        value = _divide([_part(Partial(op, x, kept, gather.weight), inner) for op in ("products", "weights")])
    elif gather.function == "sum":
        value = _call("COALESCE", _part(Partial("sum", x, kept), inner), literal(0.0))
    elif gather.function == "average":
        value = _part(Partial("mean", x, kept), inner)
    elif gather.function == "standard deviation":
        assert x is not None
        value = _call("STDDEV_SAMP", inner.value(x, kept))
    elif gather.function in ("min", "max"):
        return _part(Partial("min" if gather.function == "min" else "max", x, kept), inner)
    else:
        unit, rank = gather.type.unit, gather.parameter
        value = _part(Aggregate(gather.function, gather.source, x, unit, "none", kept, None, rank), inner)
    value = exp.cast(value, "DOUBLE")
    return _tidied(value) if gather.function in _COMPUTED else value


def _end_value(gather: Gather, inner: _Inner) -> SQL:
    """The value at the earliest or latest moment that has one, the smallest of several."""
    assert gather.argument is not None
    value = inner.value(gather.argument, gather.filter)
    moment = inner.add("m", "m", inner.tables.moment)
    by = [exp.Ordered(this=moment, desc=gather.function == "last"), exp.Ordered(this=value.copy())]
    there = exp.Not(this=exp.Is(this=value.copy(), expression=exp.null()))
    return exp.Filter(this=_call("FIRST", exp.Order(this=value, expressions=by)), expression=exp.Where(this=there))


def _tidied(value: SQL) -> SQL:
    """A finite number of 12 significant digits, as `kpidsl.evaluate.compute.tidy` makes them."""
    finite = _when(_call("ISFINITE", value), value.copy())
    text = _call("PRINTF", exp.Literal.string("%.12g"), finite)
    return exp.paren(exp.Add(this=exp.cast(text, "DOUBLE"), expression=literal(0.0)), copy=False)

"""Small worlds for the evaluator: two sources with rows written out, attached as DuckDB tables."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pyarrow as pa

from kpidsl.diagnostics import Source, Span
from kpidsl.evaluate import choose, classes, plan, sections
from kpidsl.evaluate.engine import duckdb_faults
from kpidsl.evaluate.session import Session
from kpidsl.evaluate.sql import cubes
from kpidsl.evaluate.tables import Attached
from kpidsl.evaluate.watch import Watch
from kpidsl.graph import Aggregate, Combine, Dimension, Graph, Measure
from kpidsl.model.periods import Calendar
from kpidsl.model.rows import Apply, ColumnRef, Literal
from kpidsl.model.sources import ColumnSpec, Grouped, Link, SourceSpec, Table
from kpidsl.model.types import DAY, FLAG, MOMENT, NUMBER, TEXT
from kpidsl.model.units import ONE
from kpidsl.results import Profile

SPAN = Span(Source("test.kpi", ""), 0, 0)
ARROW = {
    "number": pa.float64(),
    "text": pa.string(),
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
    "flag": pa.bool_(),
}


def spec(name, columns, *, time, computed=(), links=(), checks=()):
    """A source; `columns` maps a name to its type, `computed` a name to its type and expression."""
    declared = [ColumnSpec(column, kind, SPAN) for column, kind in columns.items()]
    declared += [ColumnSpec(column, value.type, SPAN, value) for column, value in dict(computed).items()]
    links = tuple(Link(target, column, far, SPAN) for target, column, far in links)
    return SourceSpec(
        name,
        None,
        Table(name, None),
        tuple(declared),
        time,
        None,
        (),
        "row",
        links,
        None,
        None,
        tuple(checks),
        SPAN,
    )


def graph(*specs, measures=()):
    named = {name: Measure(name, None, node, SPAN, "") for name, node in dict(measures).items()}
    return Graph(Calendar(), {s.name: s for s in specs}, named, {}, {}, {})


class TableSession:
    """Holds rows in DuckDB tables; what is asked of `kpidsl.evaluate.session.Session` and no more."""

    def __init__(self, graph, data):
        self.connection = duckdb.connect(config={"threads": 2})
        self.attachments = {}
        self.held = {}
        self.keeper = None
        self.log = []
        self.watch = Watch()
        for name, source in graph.sources.items():
            if isinstance(source.origin, Grouped):
                continue
            stored = [c for c in source.columns if c.value is None]
            fields = [(c.name, ARROW[c.type.kind]) for c in stored]
            rows = pa.Table.from_pylist(data[name], schema=pa.schema(fields))
            self.connection.register("incoming", rows)
            quoted = name.replace('"', '""')
            self.connection.execute(f'CREATE TABLE "{quoted}" AS SELECT * FROM incoming')
            self.connection.unregister("incoming")
            self.attachments[name] = Attached(name, name, {c.name: c.type.kind for c in stored})

    def attach(self, source, columns=None):
        return self.attachments[source.name]

    def relation(self, attached):
        return attached.relation

    def size(self, source):
        return 0

    def dialect(self, engine=""):
        return "duckdb"

    def fetch(self, sql, engine=""):
        with duckdb_faults():
            return self.connection.execute(sql).fetchnumpy()

    def keep(self, relation, sql):
        with duckdb_faults():
            self.connection.execute(f'CREATE TABLE "{relation}" AS {sql}')
        ((rows,),) = self.connection.execute(f'SELECT count(*) FROM "{relation}"').fetchall()
        return rows

    asked = Session.asked
    noted = Session.noted


def profiles(graph, data, as_of):
    """What the sources module would say of the rows."""
    found = {}
    for name, source in graph.sources.items():
        days = [r[source.time] for r in data[name] if source.time and r[source.time] is not None]
        days = sorted(d for d in (d.date() if isinstance(d, datetime) else d for d in days) if d <= as_of)
        found[name] = Profile(name, len(days), days[0] if days else None, days[-1] if days else None)
    return found


# -- short words for nodes and rows --


def col(source, name, kind=NUMBER, via=()):
    return ColumnRef(source, name, kind, via)


def lit(value):
    kinds = {
        float: NUMBER,
        int: NUMBER,
        str: TEXT,
        date: DAY,
        datetime: MOMENT,
        bool: FLAG,
        type(None): NUMBER,
    }
    return Literal(float(value) if type(value) is int else value, kinds[type(value)])


def op(name, *args, kind=FLAG):
    return Apply(name, args, kind)


def agg(function, source, argument=None, **more):
    return Aggregate(function, source, argument, ONE, "none", **more)


def over(op, *args):
    return Combine(op, args, ONE, "none")


def dimension(name, **columns):
    return Dimension(name, tuple(columns.items()))


# -- the planner, made to take one way --

WAYS = ("plain", "cubes", "bands", "sections")


def plan_by(patch, way):
    """Ask everything with `CASE WHEN`; or roll it up from cubes, grouped by filter columns as they are or by
    bands and the texts that filters mention, or by bands that depend on such a text."""
    if way == "plain":
        return
    patch.setattr(choose, "PATIENCE", -1)
    patch.setitem(choose.COSTS, "duckdb", choose.Costs(1, 1, 1e-9, 1e9, 1e-9))
    patch.setattr(plan, "MANY_DISTINCT", 1)
    patch.setattr(choose, "CELL", 0)
    patch.setattr(choose, "PART", 0)
    patch.setattr(cubes, "_MANY_ASKED", 0)
    if way != "cubes":
        patch.setattr(classes, "_FEW", 0)
    if way == "sections":
        patch.setattr(sections, "WORTH", 0)
        patch.setattr(classes, "_LOOKED_UP", -1e12)

"""Scans, run: text to an engine, cells back. What fails is narrowed down to the parts that make it fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.evaluate.byfile import cube_columns, kept_scans
from kpidsl.evaluate.choose import Estimate
from kpidsl.evaluate.classes import subjects
from kpidsl.evaluate.cube import Part
from kpidsl.evaluate.engine import Dialect, EngineError
from kpidsl.evaluate.faults import failure
from kpidsl.evaluate.large import LARGE, numbers
from kpidsl.evaluate.plan import Cluster, Scan
from kpidsl.evaluate.promises import link_problem
from kpidsl.evaluate.result import Result, result_of
from kpidsl.evaluate.rollup import Indexes
from kpidsl.evaluate.session import Session
from kpidsl.evaluate.sql import (
    Tables,
    Tree,
    grouped_sql,
    grouped_tree,
    keyless_sql,
    sample_sql,
    scan_sql,
)
from kpidsl.evaluate.tables import Attached, Purpose, Query
from kpidsl.graph import Graph
from kpidsl.model.rows import ColumnRef, Row, columns_of
from kpidsl.model.sources import ColumnSpec, Grouped, SourceSpec
from kpidsl.results import Profile

Failed = dict[Part, Diagnostic]

_SAMPLE = 20_000


@define
class Runner:
    """Runs scans on a session and keeps a record of them."""

    graph: Graph
    session: Session
    as_of: date
    profiles: Mapping[str, Profile] = field(factory=dict)
    queries: list[Query] = field(factory=list)
    _links: dict[tuple[str, str], Diagnostic | None] = field(factory=dict, init=False)

    def tables(self, source: str) -> Tables:
        """What SQL for a source is built from; everything its links lead to is attached when it is used."""
        relations = _Attaching(self, self.session.relation)
        kinds = _Attaching(self, lambda attached: attached.kinds)
        return Tables(self.graph.sources, relations, kinds, source, dialect=self.dialect(source))

    def dialect(self, source: str) -> Dialect:
        """What SQL on a source is written in."""
        return self.session.dialect(self._engine(source))

    def _engine(self, source: str) -> str:
        """The connection where a source is; a grouped one, also while it is made, is where its parent is."""
        origin = self.graph.sources[source].origin
        return self._engine(origin.source) if isinstance(origin, Grouped) else self.attached(source).engine

    def attached(self, source: str) -> Attached:
        """A source that can be queried; a grouped one is made at its first use, once for the session."""
        spec = self.graph.sources[source]
        if not isinstance(spec.origin, Grouped):
            return self.session.attach(spec)
        if source not in self.session.held:
            self.session.held[source] = self._made(spec, spec.origin)
        attached, query = self.session.held[source]
        if query is not None and query not in self.queries:
            self.queries.append(query)
        return attached

    def _made(self, spec: SourceSpec, origin: Grouped) -> tuple[Attached, Query | None]:
        """A grouped source: it fails as its parent does, and a column of it as what it is made of."""
        parent = self.graph.sources[origin.source]
        keys = tuple(ref for _, ref in origin.keys)
        time = self.attached(parent.name).broken.get(parent.time or "")
        lost = self.attached(parent.name).failure or time or self.trouble(parent.name, *keys)
        if lost:
            return Attached(spec.name, spec.name, {}, (lost,)), None
        engine = self._engine(parent.name)
        columns = [c for c in spec.columns if c.value is not None and spec.stored(c)]
        broken = {c.name: lost for c in columns if (lost := self._gathers_trouble(spec, c, parent.name))}
        columns = [c for c in columns if c.name not in broken]
        try:
            relation, kinds, query = self._kept(spec, origin, columns)
            keyless = self._keyless(spec, origin)
        except EngineError as error:
            broken |= {c.name: lost for c in columns if (lost := self._fails(spec, origin, c))}
            columns = [c for c in columns if c.name not in broken]
            try:
                relation, kinds, query = self._kept(spec, origin, columns)
                keyless = self._keyless(spec, origin)
            except EngineError:
                return Attached(spec.name, spec.name, {}, (self._diagnostic(spec.name, error),)), None
        problems = (*broken.values(), *keyless)
        return Attached(spec.name, relation, kinds, problems, broken, engine), query

    def _kept(
        self, spec: SourceSpec, origin: Grouped, columns: Sequence[ColumnSpec]
    ) -> tuple[str | Tree, dict[str, str], Query | None]:
        """The rows as a table; in a database that is only read, a derived table, made wherever it is used."""
        if self._engine(origin.source):
            tree, kinds = grouped_tree(spec, origin.keys, columns, self.tables(origin.source), self.as_of)
            return tree, kinds, None
        sql, kinds = grouped_sql(spec, origin.keys, columns, self.tables(origin.source), self.as_of)
        start = perf_counter()
        rows = self.session.keep(spec.name, sql)
        return spec.name, kinds, self.session.noted(spec.name, "group", sql, start, rows)

    def _keyless(self, spec: SourceSpec, origin: Grouped) -> list[Diagnostic]:
        """A warning for rows that no group has."""
        sql = keyless_sql(origin.keys, self.tables(origin.source), self.as_of)
        found = self.session.asked(spec.name, "check", sql, self._engine(origin.source))
        count = int(found["v0"][0])
        if not count:
            return []
        words = " or ".join(f"`{word}`" for word, _ in origin.keys)
        rows = (
            f"{count:,} rows of `{origin.source}` lack" if count > 1 else f"1 row of `{origin.source}` lacks"
        )
        message = f"{rows} {words}, and make{'s' if count == 1 else ''} no row of `{spec.name}`"
        place = f"source {spec.name}"
        return [Diagnostic("K528", message, spec.span, Severity.WARNING, place=place)]

    def _gathers_trouble(self, spec: SourceSpec, column: ColumnSpec, parent: str) -> Diagnostic | None:
        """Why the aggregations of a column cannot be made."""
        rows = [row for g in spec.gathers(column.value) for row in (g.argument, g.filter, g.weight)]
        return self.trouble(parent, *rows)

    def _fails(self, spec: SourceSpec, origin: Grouped, column: ColumnSpec) -> Diagnostic | None:
        """The error of a query for this column alone."""
        sql, _ = grouped_sql(spec, origin.keys, [column], self.tables(origin.source), self.as_of)
        try:
            self.session.fetch(sql, self._engine(origin.source))
        except EngineError as error:
            return self._diagnostic(spec.name, error)
        return None

    def fetch(self, source: str, purpose: Purpose, sql: str) -> dict[str, Any]:
        """Run a query and note it."""
        columns = self.session.asked(source, purpose, sql, self._engine(source))
        self.queries.append(self.session.log[-1])
        return columns

    def _fetch_scan(self, scan: Scan) -> dict[str, Any]:
        """The cells of a scan."""
        start, source, engine = perf_counter(), scan.source, self._engine(scan.source)
        many = scan.dimensions() and not engine and self.profiles[source].rows >= LARGE
        sql = [scan_sql(piece, self.tables(source)) for piece in (scan.pieces() if many else (scan,))]
        if many:
            columns = self.session.fetch_cells(sql, [f"d{n}" for n in range(len(scan.dimensions()))])
        else:
            columns = self.session.fetch(sql[0], engine)
            columns = {c: numbers(found) if c[0] == "v" else found for c, found in columns.items()}
        text, rows = ";\n".join(sql), len(columns["b"])
        self.queries.append(self.session.noted(source, "scan", text, start, rows, engine, scan))
        return columns

    def unusable(self, source: str) -> Diagnostic | None:
        """Why nothing can be measured on a source."""
        spec = self.graph.sources[source]
        known = self.profiles.get(source)
        if failure := self.attached(source).failure or (known and known.failure):
            return failure
        if spec.time is None:
            return Diagnostic(
                "K603",
                f"`{source}` says no time, so its rows belong to no period",
                spec.span,
                help="a line `time COLUMN` in the source",
            )
        return self.attached(source).broken.get(spec.time)

    def trouble(self, source: str, *rows: Row | None) -> Diagnostic | None:
        """Why some row expressions of a source cannot be read: a broken column, source or link on the way."""
        columns, links = _read(self.graph, source, rows)
        for name, column in sorted(columns, key=lambda at: (at[0] != source, at)):
            attached = self.attached(name)
            if attached.failure:
                return attached.failure
            if column in attached.broken:
                return attached.broken[column]
        return next(filter(None, (self._ambiguous(*at) for at in sorted(links))), None)

    def _ambiguous(self, near: str, far: str) -> Diagnostic | None:
        """The error of a link that would multiply rows; asked once."""
        if (near, far) not in self._links:
            link = next(link for link in self.graph.sources[near].links if link.target == far)
            try:
                self._links[near, far] = link_problem(self.session, link, self.attached(far))
            except EngineError as error:
                self._links[near, far] = self._diagnostic(far, error)
        return self._links[near, far]

    def estimate(self, source: str, demand: Sequence[Cluster]) -> Estimate:
        """How many cells there will be, judged by the first rows of a source."""
        rows = self.profiles[source].rows
        dims = tuple(dict.fromkeys(ref for cluster in demand for ref in cluster.every_column()))
        about = tuple(subjects(c for cluster in demand for c in cluster.conditions()))
        if not dims and not about:
            return Estimate(rows)
        sql = sample_sql(about, dims, _SAMPLE, self.tables(source))
        try:
            found = self.fetch(source, "sample", sql)
        except EngineError:
            return Estimate(rows)
        names = [*(f"s{n}" for n in range(len(about))), *(f"d{n}" for n in range(len(dims)))]
        columns = zip((*about, *dims), names, strict=True)
        return Estimate(rows, {row: _codes(found[name]) for row, name in columns})

    def keeps(self, source: str) -> Callable[[Sequence[Cluster]], tuple[list[Scan], list[Cluster]]] | None:
        """How the clusters of a source become scans that are put together from files, if it takes part."""
        keeper = self.session.keeper
        if keeper is None or source not in keeper.sources:
            return None

        def links(cluster: Cluster) -> bool:
            rows = [row for p in cluster.partials for row in (p.argument, p.filter, p.weight)]
            return bool(_read(self.graph, source, [*rows, *cluster.every_column()])[1])

        return partial(kept_scans, source, profile=self.profiles[source], links=links)

    def run(self, scan: Scan) -> tuple[list[Result], Failed]:
        """The results of a scan (several when it had to be split) and the parts that failed, each with its
        reason."""
        found, failed = self.read(scan)
        return [result_of(one, columns) for one, columns in found], failed

    def read(self, scan: Scan) -> tuple[list[tuple[Scan, dict[str, Any]]], Failed]:
        """The columns that answer a scan, or each of the scans that it was split into."""
        try:
            found = cube_columns(self.session, scan, self.tables(scan.source), self.as_of)
            return [(scan, self._fetch_scan(scan) if found is None else found)], {}
        except EngineError as error:
            return self._narrowed(scan, error)

    def _narrowed(self, scan: Scan, error: EngineError) -> tuple[list[tuple[Scan, dict[str, Any]]], Failed]:
        """One bad part spoils only itself, so halves are tried, unless the fault lies with the whole
        source."""
        parts = scan.parts()
        if len(parts) == 1 or error.fault != "query":
            return [], {part: self._diagnostic(scan.source, error) for part in parts}
        results: list[tuple[Scan, dict[str, Any]]] = []
        failed: Failed = {}
        for half in (parts[: len(parts) // 2], parts[len(parts) // 2 :]):
            more, lost = self.read(scan.only(half))
            results += more
            failed |= lost
        return results, failed

    def _diagnostic(self, source: str, error: EngineError) -> Diagnostic:
        return failure(error, self.graph.sources[source], self._engine(source))


class _Attaching(Mapping[str, Any]):
    """Source to something of its attached form; attached when first asked for."""

    def __init__(self, runner: Runner, get: Any) -> None:
        self._runner, self._get = runner, get

    def __getitem__(self, source: str) -> Any:
        return self._get(self._runner.attached(source))

    def __iter__(self) -> Iterator[str]:
        return iter(self._runner.graph.sources)

    def __len__(self) -> int:
        return len(self._runner.graph.sources)


def _read(
    graph: Graph, source: str, rows: Sequence[Row | None]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Source and name of every column behind row expressions, and the links (from, to) that lead there.

    Computed columns are followed to those of the data.
    """
    columns: set[tuple[str, str]] = set()
    links: set[tuple[str, str]] = set()
    seen: set[tuple[tuple[str, ...], ColumnRef]] = set()
    stack: list[tuple[tuple[str, ...], ColumnRef]] = [((), ref) for row in rows for ref in columns_of(row)]
    while stack:
        at = stack.pop()
        if at in seen:
            continue
        seen.add(at)
        via, ref = at
        path, near = (*via, *ref.via), source
        for step in path:
            link = next(link for link in graph.sources[near].links if link.target == step)
            columns |= {(near, link.column), (step, link.far)}
            links.add((near, step))
            near = step
        declared = graph.sources[near].column(ref.name)
        if declared is not None and not graph.sources[near].stored(declared):
            stack.extend((path, below) for below in columns_of(declared.value))
        else:
            columns.add((near, ref.name))
    return columns, links


def _codes(column: NDArray[Any]) -> Indexes:
    """Values as numbers from 0, in no order; a missing one is a value, too."""
    values = np.ma.getdata(column).tolist()
    missing = np.ma.getmaskarray(column).tolist()
    known: dict[object, int] = {}
    found = [
        known.setdefault(None if gone else v, len(known)) for v, gone in zip(values, missing, strict=True)
    ]
    return np.array(found, np.int64)

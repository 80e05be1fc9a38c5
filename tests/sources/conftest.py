"""Small projects in a folder, sources over them, and what attaching them gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen

from kpidsl.diagnostics import Diagnostic, Source, Span
from kpidsl.evaluate.quote import name
from kpidsl.evaluate.session import Session
from kpidsl.evaluate.tables import Attached
from kpidsl.model.periods import Calendar
from kpidsl.model.sources import ColumnSpec, Files, SourceSpec, Table
from kpidsl.model.types import Type
from kpidsl.model.units import Unit

KINDS = ("text", "day", "moment", "time", "flag", "identity", "unknown")


def span(text: str = "source data") -> Span:
    return Span(Source("spec.kpi", text), 0, len(text))


def column(title: str, kind: str = "number") -> ColumnSpec:
    """A column of a kind, or of numbers in a unit."""
    if kind == "number":
        return ColumnSpec(title, Type("number"), span(title))
    return ColumnSpec(title, Type(kind) if kind in KINDS else Type("number", Unit.parse(kind)), span(title))


def source(origin: Files | Table | str, /, title: str = "data", **more: Any) -> SourceSpec:
    """A source; keywords that are neither a clause nor an option are columns and their kinds."""
    clauses: dict[str, Any] = {"time": None, "channel": None, "key": (), "thing": "row", "links": (),
                               "fresh_days": None, "complete": None, "checks": ()}  # fmt: skip
    clauses |= {key: more.pop(key) for key in list(more) if key in clauses}
    options = {key: more.pop(key) for key in list(more) if key in OPTIONS}
    place = Files(origin, ".", **options) if isinstance(origin, str) else origin
    columns = tuple(column(key, kind) for key, kind in {**more.pop("columns", {}), **more}.items())
    return SourceSpec(title, None, place, columns, span=span(), **clauses)


OPTIONS = ("separator", "decimal", "thousands", "dates", "encoding", "sheet", "table", "missing")


@frozen
class Taken:
    """What attaching gave: the rows as lists by column, and what was said."""

    attached: Attached
    rows: Mapping[str, list[Any]]

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        return self.attached.problems

    @property
    def only(self) -> Diagnostic:
        (problem,) = self.attached.problems
        return problem


@define
class Project:
    """A folder with data files."""

    root: Path
    zone: str = "Europe/Paris"
    connections: dict[str, str] = field(factory=dict)

    def write(self, path: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return file

    def session(self, *specs: SourceSpec, data: Mapping[str, object] | None = None) -> Session:
        return Session(self.root, Calendar(zone=self.zone), specs, self.connections, data)

    def take(self, spec: SourceSpec, data: object = None) -> Taken:
        with self.session(spec, data=None if data is None else {spec.name: data}) as session:
            attached = session.attach(spec)
            rows = {}
            if attached.kinds:
                wanted = ", ".join(name(c) for c in attached.kinds)
                fetched = session.fetch(f"SELECT {wanted} FROM {name(attached.relation)}")
                rows = {key: values.tolist() for key, values in fetched.items()}
            return Taken(attached, rows)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    return Project(root)

"""kpidsl from Python: load specs, check them, evaluate them over files or frames.

import kpidsl

project = kpidsl.load("examples/atelier")
found = project.evaluate(as_of="2026-10-15", data={"ads": frame})
print(found.verdict("cost_per_lead").why)
found.to_pandas()
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Any

from kpidsl import project as pipeline
from kpidsl.diagnostics import Diagnostic
from kpidsl.graph import Kpi
from kpidsl.project import (
    Outcome,
    Wish,
)
from kpidsl.specs import (
    Specs,
)
from kpidsl.specs import (
    load as load_specs,
)
from kpidsl.trial import Trial

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from kpidsl.change import Change
    from kpidsl.graph import Scenario
    from kpidsl.results import Judged, ObjectiveVerdict, Profile, Verdict
    from kpidsl.testing import Ran

_NAMED = 20
"""How many slices an error names."""
_UNREADABLE = frozenset({"K701", "K702", "K703", "K710", "K711", "K712"})


class KpiError(Exception):
    """What was asked for cannot be done at all; `diagnostics` say why, and so does `str()`.

    A KPI that has an error or fails is no exception: `Project.check` tells it, and its verdict is `failed`.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        from kpidsl.render.cells import Screen
        from kpidsl.render.diagnostics import render

        return render(self.diagnostics, Screen()).strip()


def load(paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = ".") -> Project:
    """Read the spec files under a path, or several, as one project.

    Raises KpiError for paths that do not exist, files that cannot be read, and a config with errors.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    specs = load_specs([os.fspath(path) for path in given])
    unreadable = [d for d in specs.diagnostics if d.code in _UNREADABLE]
    if unreadable:
        raise KpiError(unreadable)
    return Project(specs)


class Project:
    """Specs that were read and compiled."""

    def __init__(self, specs: Specs) -> None:
        self._specs = specs

    def __repr__(self) -> str:
        name = f"{self._specs.config.name}: " if self._specs.config.name else ""
        errors = len(self._specs.errors)
        return f"<Project {name}{len(self.kpis)} KPIs{f', {errors} errors' if errors else ''}>"

    @property
    def kpis(self) -> dict[str, Kpi]:
        """The KPIs by name, without those that have an error."""
        return dict(self._specs.graph.kpis)

    def check(self) -> list[Diagnostic]:
        """Everything that is wrong or worth a word, by file and place. Looks at no data."""
        return list(self._specs.diagnostics)

    def lint(self, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Diagnostic]:
        """What `check` gives, and what the rules of lint find, as the config weighs it; without what
        comments let pass. `select` takes the place of that of the config, `ignore` is added to its own:
        codes, names or families of rules.

        Raises KpiError for names that no rule has, and for rules that cannot be used.
        """
        from kpidsl.lint.run import check

        outcome = check(self._specs, select=select, ignore=ignore)
        if outcome.problems:
            raise KpiError(outcome.problems)
        return list(outcome.findings)

    def evaluate(
        self,
        as_of: date | str | None = None,
        for_: str | None = None,
        data: Mapping[str, object] | None = None,
        by: str | Sequence[str] | None = None,
        kpis: str | Sequence[str] | None = None,
        incremental: bool | None = None,
    ) -> Evaluation:
        """Compute the KPIs and judge them.

        `as_of`: the day to judge at, of a moment its date; default: that of the config, else today.
        `for_`: a period to show instead of the last one, `2026-09`. `data`: names of sources to what
        is read instead of their files: a path, or a table of pandas, polars, pyarrow or DuckDB. `by`:
        dimensions to split by instead of the KPIs' own. `kpis`: only these.
        `incremental`: whether files that were read before are not read again; default: as the config says.

        Raises KpiError for a date that cannot be read and for names that nothing has.
        """
        wish = pipeline.wish(
            self._specs,
            as_of=as_of,
            period=for_,
            kpis=_several(kpis),
            by=_several(by),
            data=data or {},
            incremental=incremental,
        )
        if not isinstance(wish, Wish):
            raise KpiError(wish)
        return Evaluation(pipeline.evaluate(self._specs, wish))

    def whatif(
        self,
        values: Mapping[str, object],
        as_of: date | str | None = None,
        for_: str | None = None,
        data: Mapping[str, object] | None = None,
    ) -> Trial:
        """Judge the KPIs as if measures, KPIs or constants had other values; what changes is in the result.

        `values`: names to numbers, or to texts as behind `kpi whatif --set`: `"2_500 EUR"`, `"+10%"`; a name
        may have a channel, `"leads[google]"`. Raises KpiError for what cannot be assumed.
        """
        from kpidsl import whatif

        sets = [f"{name}={value}" for name, value in values.items()]
        return self._tried(whatif.scenario(self._specs, sets), as_of, for_, data)

    def solve(
        self,
        goal: str,
        unknown: str,
        between: tuple[float, float] | None = None,
        values: Mapping[str, object] | None = None,
        as_of: date | str | None = None,
        for_: str | None = None,
        data: Mapping[str, object] | None = None,
    ) -> Trial:
        """Find the value of a measure, KPI or constant with which a KPI has a value: `solve("leads=20",
        "ad_spend")`. `values` are assumed besides.

        That there is none is no error: `Trial.solutions` is empty, and `Trial.search.why` says why. Needs
        `kpidsl[solve]`.
        """
        from kpidsl import whatif

        sets = [f"{name}={value}" for name, value in (values or {}).items()]
        sought = whatif.Sought(goal, unknown, between)
        _library("scipy.optimize", "solve")
        return self._tried(whatif.scenario(self._specs, sets, sought), as_of, for_, data, between)

    def scenarios(
        self, as_of: date | str | None = None, data: Mapping[str, object] | None = None
    ) -> list[Trial]:
        """Run the scenarios of the specs."""
        from kpidsl import whatif

        wish = self._wish(as_of, None, data)
        if any(scenario.goal for scenario in self._specs.graph.scenarios):
            _library("scipy.optimize", "solve")
        report = whatif.run(self._specs, self._specs.graph.scenarios, wish)
        return [Trial(whatif.Report((ran,), report.diagnostics), self._specs) for ran in report.ran]

    def test(self, run: str | Sequence[str] = ()) -> list[Ran]:
        """Run the tests of the specs, or those with one of these texts in their title, all together.

        Raises KpiError for a text that no title has.
        """
        from kpidsl import testing
        from kpidsl.evaluate.watch import Watch

        tests = testing.chosen(self._specs.graph.tests, _several(run))
        if isinstance(tests, Diagnostic):
            raise KpiError([tests])
        return list(testing.run(self._specs, tests, Watch()).ran)

    def _tried(
        self,
        found: tuple[Specs, Scenario] | tuple[Diagnostic, ...],
        as_of: date | str | None,
        period: str | None,
        data: Mapping[str, object] | None,
        between: tuple[float, float] | None = None,
    ) -> Trial:
        from kpidsl import whatif

        if not isinstance(found[0], Specs):
            raise KpiError(d for d in found if isinstance(d, Diagnostic))
        specs, scenario = found
        assert not isinstance(scenario, Diagnostic)
        report = whatif.run(specs, [scenario], self._wish(as_of, period, data), between=between)
        if report.ran[0].problems:
            raise KpiError(report.ran[0].problems)
        return Trial(report, specs)

    def _wish(self, as_of: date | str | None, period: str | None, data: Mapping[str, object] | None) -> Wish:
        wish = pipeline.wish(self._specs, as_of=as_of, period=period, data=data or {})
        if not isinstance(wish, Wish):
            raise KpiError(wish)
        return wish

    def why(
        self,
        kpi: str,
        between: tuple[str, str],
        by: str | Sequence[str] | None = None,
        as_of: date | str | None = None,
        data: Mapping[str, object] | None = None,
    ) -> Why:
        """What moved a KPI or measure between two periods: `why("cost_per_lead", ("2026-05", "2026-06"))`.

        `by`, `as_of` and `data` are those of `evaluate`. Raises KpiError for names and periods that mean
        nothing, and where there is no value in one of the periods.
        """
        from kpidsl.change import Change, explain_change

        first, last = between
        found = explain_change(self._specs, kpi, (first, last), as_of=as_of, by=_several(by), data=data or {})
        if not isinstance(found, Change):
            raise KpiError(found)
        return Why(found)


def _several(names: str | Sequence[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


class Why:
    """What moved a number between two periods. The effects of the factors add up to the change, and so do
    those of the slices."""

    def __init__(self, change: Change) -> None:
        self._change = change

    def __repr__(self) -> str:
        first, last = self._change.windows
        return f"<Why {self._change.kpi.name}: {first.label} to {last.label}>"

    def __str__(self) -> str:
        from kpidsl.render.cells import Screen
        from kpidsl.render.change import render

        return render(self._change, Screen())

    def _repr_html_(self) -> str:
        from kpidsl.render import change_data

        return change_data.as_html(self._change)

    @property
    def sentence(self) -> str:
        """All of it in a sentence."""
        from kpidsl.render.change import sentence

        return sentence(self._change)

    @property
    def before(self) -> float:
        """The value in the first period, in the unit of the KPI; percents are fractions."""
        return self._change.before

    @property
    def after(self) -> float:
        """The value in the second."""
        return self._change.after

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data: the same as `kpi why --format json`."""
        from kpidsl.render import change_data

        return change_data.as_data(self._change)

    def to_json(self) -> str:
        """Everything, as JSON."""
        from kpidsl.render.data import as_json

        return as_json(self.to_dict())


class Evaluation:
    """The verdicts. Iterating gives the headline of each KPI, each followed by its slices."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def __iter__(self) -> Iterator[Verdict]:
        for judged in self._outcome.judged:
            yield judged.headline
            yield from judged.slices

    def __len__(self) -> int:
        return sum(1 + len(judged.slices) for judged in self._outcome.judged)

    def __repr__(self) -> str:
        return f"<Evaluation as of {self.as_of}: {len(self._outcome.judged)} KPIs>"

    def __str__(self) -> str:
        from kpidsl.render.cells import Screen
        from kpidsl.render.verdicts import render

        return render(self._outcome, Screen())

    @property
    def as_of(self) -> date:
        """The day that was judged at."""
        return self._outcome.as_of

    @property
    def judged(self) -> tuple[Judged, ...]:
        """Of each KPI the headline, the slices and the history."""
        return self._outcome.judged

    @property
    def objectives(self) -> tuple[ObjectiveVerdict, ...]:
        """The verdicts on the objectives; none when only some KPIs were asked for."""
        return self._outcome.objectives

    @property
    def sources(self) -> dict[str, Profile]:
        """What is known of each source that was read: rows, days, broken promises."""
        return dict(self._outcome.profiles)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the specs and with the sources."""
        return self._outcome.diagnostics

    def verdict(self, kpi: str, **slice: str | None) -> Verdict:
        """The headline of a KPI, or the verdict on a slice: `verdict("cost_per_lead", channel="google")`.

        KeyError, with near names, for a KPI or slice that is not there.
        """
        from kpidsl.diagnostics import near

        judged = next((j for j in self._outcome.judged if j.kpi == kpi), None)
        if judged is None:
            alike = near(kpi, [j.kpi for j in self._outcome.judged])
            raise KeyError(f"no KPI named {kpi!r}" + (f"; similar: {', '.join(alike)}" if alike else ""))
        if not slice:
            return judged.headline
        crowd = judged.crowd
        names = crowd.dimensions if crowd is not None else ()
        found = None
        if crowd is not None and set(names) == set(slice):
            found = crowd.find(tuple(slice[name] for name in names))
        if found is None:
            known = [dict(v.slice) for v in judged.slices[:_NAMED]]
            more = f" and {len(judged.slices) - _NAMED:,} more" if len(judged.slices) > _NAMED else ""
            raise KeyError(f"{kpi} has no slice {slice}; slices: {known}{more}")
        return judged.slices[found]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data: the same as `kpi eval --format json`."""
        from kpidsl.render import plain

        return plain.evaluation(self._outcome)

    def to_json(self) -> str:
        """Everything, as JSON; the same specs, data and day give the same text."""
        from kpidsl.render import plain

        return "".join(plain.as_json_parts(self._outcome))

    def to_arrow(self) -> pyarrow.Table:
        """A row per verdict, history included, as a pyarrow Table. Needs `kpidsl[arrow]`."""
        arrow = _library("pyarrow", "arrow")
        types = {str: arrow.string(), float: arrow.float64(), int: arrow.int64(), bool: arrow.bool_()}
        types[date] = arrow.date32()
        columns = {name: arrow.array(values, types[kind]) for name, kind, values in self._columns()}
        table: pyarrow.Table = arrow.table(columns)
        return table

    def to_pandas(self) -> pandas.DataFrame:
        """A row per verdict, history included, as a pandas DataFrame. Needs `kpidsl[pandas]`."""
        library = _library("pandas", "pandas")
        types = {str: "object", float: "float64", int: "Int64", bool: "bool", date: "datetime64[s]"}
        columns = {name: library.Series(values, dtype=types[kind]) for name, kind, values in self._columns()}
        frame: pandas.DataFrame = library.DataFrame(columns)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """A row per verdict, history included, as a polars DataFrame. Needs `kpidsl[polars]`."""
        library = _library("polars", "polars")
        types = {str: library.String, float: library.Float64, int: library.Int64, bool: library.Boolean}
        types[date] = library.Date
        columns = {name: library.Series(values, dtype=types[kind]) for name, kind, values in self._columns()}
        frame: polars.DataFrame = library.DataFrame(columns)
        return frame

    def _repr_html_(self) -> str:
        from kpidsl.render import tables

        return tables.as_html(self._outcome)

    def _columns(self) -> Iterator[tuple[str, type, list[Any]]]:
        """The flat records by column: name, kind, values."""
        from kpidsl.render import tables

        columns: list[list[Any]] = [[] for _ in tables.KINDS]
        for record in tables.records(self._outcome):
            for column, value in zip(columns, record.values(), strict=True):
                column.append(value)
        for (name, kind), column in zip(tables.KINDS.items(), columns, strict=True):
            yield name, kind, column


def _library(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise KpiError(
            [
                Diagnostic(
                    "K740",
                    f"this needs {name}, which is not installed",
                    help=f"`pip install 'kpidsl[{extra}]'` installs it",
                )
            ]
        ) from None

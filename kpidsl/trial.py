"""What a scenario comes to, for Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kpidsl.diagnostics import Diagnostic
from kpidsl.specs import (
    Specs,
)

if TYPE_CHECKING:
    from kpidsl.results import ObjectiveVerdict
    from kpidsl.whatif import Check, Pair, Report, Search


class Trial:
    """What a scenario comes to. Iterating gives each verdict that differs, before and after."""

    def __init__(self, report: Report, specs: Specs) -> None:
        self._report, self._specs = report, specs
        self._ran = report.ran[0]

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._ran.pairs)

    def __len__(self) -> int:
        return len(self._ran.pairs)

    def __str__(self) -> str:
        from kpidsl.render.cells import Screen
        from kpidsl.render.whatif import render

        return render(self._report, Screen())

    @property
    def title(self) -> str:
        """The title of the scenario."""
        return self._ran.scenario.title

    @property
    def passed(self) -> bool:
        """Whether it could be run, what was looked for was found, and all is as expected."""
        return self._ran.passed

    @property
    def checks(self) -> tuple[Check, ...]:
        """What was expected, and what was found."""
        return self._ran.checks

    @property
    def objectives(self) -> tuple[tuple[ObjectiveVerdict, ObjectiveVerdict], ...]:
        """The objectives that differ, before and after."""
        return self._ran.objectives

    @property
    def search(self) -> Search | None:
        """What came of looking for a value."""
        return self._ran.search

    @property
    def solutions(self) -> tuple[float, ...]:
        """The values that were found, rising; percents are fractions."""
        return self._ran.search.roots.roots if self._ran.search else ()

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the specs and with the sources, and why it could not be run."""
        return (*self._ran.problems, *self._report.diagnostics)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data: one of the `scenarios` of `kpi scenario --format json`."""
        from kpidsl.render import whatif

        found: dict[str, Any] = whatif.as_data(self._report, self._specs.config.name)["scenarios"][0]
        return found

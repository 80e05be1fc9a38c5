"""What `kpi lint` and `kpi ci` share: what lint has to say of a project, and the check that is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from kpidsl.cli.inputs import unreadable
from kpidsl.diagnostics import Diagnostic, Severity, Suppressed
from kpidsl.records import Record

if TYPE_CHECKING:
    from kpidsl.findings import Check
    from kpidsl.lint.outcome import Outcome
    from kpidsl.specs import Specs

_NOT_ASKED = frozenset(
    {"K705", "K721", "K713", "K750", "K751", "K752", "K754", "K780", "K781", "K782", "K783"}
)
"""What keeps lint, or the data, or what changed, from being looked at, or fixes from being written."""


@frozen(repr=False)
class Look(Record):
    """What lint has to say."""

    findings: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...] = ()
    """What comments or a baseline let pass."""
    in_part: bool = False
    """Whether data was asked for that could not be looked at."""

    @property
    def whole(self) -> bool:
        """Whether lint could do its job."""
        return not unreadable(self.findings) and not any(d.code in _NOT_ASKED for d in self.findings)

    def and_more(self, more: Sequence[Diagnostic]) -> Look:
        """With further findings."""
        return evolve(self, findings=(*self.findings, *more)) if more else self

    def with_data(
        self, specs: Specs, told: Sequence[Diagnostic], select: Sequence[str], ignore: Sequence[str]
    ) -> Look:
        """With what the data has against the project, weighed and let pass like everything else."""
        from kpidsl.lint.ask import weigh
        from kpidsl.lint.run import today_of

        outcome = weigh(specs, told, today_of(specs), select, ignore)
        return evolve(
            self,
            findings=(*self.findings, *outcome.findings),
            suppressed=(*self.suppressed, *_passed(outcome)),
        )

    def check(self, *, strict: bool) -> Check:
        """As every output takes it."""
        from kpidsl.findings import Check

        least = Severity.WARNING if strict else Severity.ERROR
        whole = self.whole and not self.in_part
        return Check("lint", self.findings, suppressed=self.suppressed, fails_from=least, whole=whole)


def look(specs: Specs, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Look:
    """All that lint has to say; where files cannot be read, only that."""
    from kpidsl.lint.run import check

    if unreadable(specs.diagnostics):
        return Look(specs.diagnostics)
    outcome = check(specs, select=select, ignore=ignore)
    return Look((*outcome.problems, *outcome.findings), _passed(outcome))


def _passed(outcome: Outcome) -> tuple[Diagnostic, ...]:
    return tuple(evolve(one.finding, suppressed=Suppressed(one.because)) for one in outcome.passed)

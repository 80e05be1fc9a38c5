"""What clauses of several definitions share: each said once, grains and days by their words."""

from __future__ import annotations

from collections.abc import Iterable

from kpidsl.compile.scope import Scope
from kpidsl.diagnostics import Span
from kpidsl.model.periods import GRAINS, Grain
from kpidsl.syntax import nodes

_SAID = {
    nodes.Description: "description",
    nodes.Owner: "owner",
    nodes.Formula: "formula",
    nodes.UnitClause: "unit",
    nodes.FiscalYear: "fiscal year",
    nodes.WeekStart: "weeks start",
    nodes.TimeZone: "time zone",
    nodes.FromFiles: "from",
    nodes.FromTable: "from",
    nodes.TimeColumn: "time",
    nodes.ChannelColumn: "channel",
    nodes.Row: "row",
    nodes.Key: "key",
    nodes.Fresh: "fresh",
    nodes.Complete: "complete",
    nodes.Target: "target",
    nodes.Tolerance: "tolerance",
    nodes.Measured: "measured",
    nodes.From: "from",
    nodes.Deadline: "deadline",
    nodes.Baseline: "baseline",
    nodes.Pace: "pace",
    nodes.By: "by",
    nodes.OnlyChannel: "channel",
    nodes.Stage: "stage",
    nodes.Role: "leading or lagging",
    nodes.Review: "review",
    nodes.Because: "because",
    nodes.Draft: "draft",
    nodes.Deprecated: "deprecated",
    nodes.Met: "met",
    nodes.AsOf: "as of",
    nodes.Solve: "solve",
    nodes.Caption: "label",
}


def no_repeats(clauses: Iterable[nodes.Clause], but: tuple[type, ...], scope: Scope) -> None:
    """Two clauses that say the same thing twice contradict each other, or will after the next edit."""
    seen: dict[str, Span] = {}
    for clause in clauses:
        if isinstance(clause, but):
            continue
        said = _SAID.get(type(clause), "this")
        if said in seen:
            code = "K413" if isinstance(clause, nodes.Tolerance) else "K212"
            scope.error(
                code,
                f"`{said}` is said twice",
                clause.span,
                (seen[said], "first here"),
                (clause.span, "again here"),
                help="one of the two goes",
            )
        else:
            seen[said] = clause.span


def grain_of(word: nodes.Word, scope: Scope) -> Grain | None:
    """A grain by its word."""
    found = scope.word("a period", word, GRAINS)
    return found  # type: ignore[return-value]

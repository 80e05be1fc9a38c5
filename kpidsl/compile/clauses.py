"""What clauses of several definitions share: periods by their words."""

from __future__ import annotations

from kpidsl.compile.scope import Scope, rests_on
from kpidsl.model import retail
from kpidsl.model.periods import GRAINS, Grain
from kpidsl.syntax import nodes


def grain_of(word: nodes.Word, scope: Scope) -> Grain | None:
    """A grain by its word."""
    found = scope.word("a period", word, GRAINS)
    return found  # type: ignore[return-value]


def cycle_of(word: nodes.Word, scope: Scope) -> str | None:
    """What something is measured every: a grain, a retail period or a named one."""
    text, names = word.text, scope.names
    if text in GRAINS:
        return text
    if text in retail.GRAINS and scope.calendar.retail is None:
        scope.error(
            "K211",
            f"`{text}` needs retail years, and the calendar has none",
            word.span,
            help="`retail years 4-5-4` in the calendar says how they are cut",
        )
        return None
    if isinstance(names.known.get(text), nodes.PeriodDef) and scope.calendar.named_period(text) is None:
        scope.blame = scope.blame or rests_on(text, word.span, scope.causes.get(text))
        return None
    if text in names.lost:
        scope.blame = scope.blame or rests_on(text, word.span, None)
        return None
    if isinstance(names.known.get(text), nodes.PeriodDef):
        return text
    words = retail.GRAINS if text.startswith("retail ") else (*GRAINS, *names.of(nodes.PeriodDef))
    return scope.word("a period", word, words)

"""What clauses of several definitions share: periods by their words."""

from __future__ import annotations

from kpidsl.compile.scope import Scope
from kpidsl.model.periods import GRAINS, Grain
from kpidsl.syntax import nodes


def grain_of(word: nodes.Word, scope: Scope) -> Grain | None:
    """A grain by its word."""
    found = scope.word("a period", word, GRAINS)
    return found  # type: ignore[return-value]

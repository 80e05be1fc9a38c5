"""The clause `projection`: what is expected at the deadline, from the pace or from a forecast."""

from __future__ import annotations

from typing import cast

from attrs import evolve

from kpidsl.compile.bounds import Draft
from kpidsl.compile.samples import level_of
from kpidsl.graph import Cumulative, Promise
from kpidsl.syntax import nodes

DEFAULT_LEVEL = 0.8
"""Four times in five: what a plan can be built on. At 95% the intervals of a short history say nothing."""


def with_forecast(promise: Promise, draft: Draft) -> Promise:
    """The promise with the forecast that its `projection` clause asks for. Errors are told."""
    clause = cast(nodes.Projection | None, draft.clause(nodes.Projection))
    if clause is None or not clause.forecast:
        return promise
    scope = draft.scope
    level: float | None = DEFAULT_LEVEL
    if clause.level is not None:
        level = level_of(clause.level, scope, "projection forecast at 80%")
    if promise.deadline is None and not promise.milestones and not promise.levels:
        scope.warn(
            "K455",
            "there is no deadline that a forecast could look ahead to",
            clause.span,
            help="`deadline 2026-12-31` says when the promise ends",
        )
    if isinstance(promise.measured, Cumulative) and draft.node.additivity != "additive":
        measured = draft.clause(nodes.Measured)
        scope.error(
            "K456",
            "a forecast adds up what is to come, and the parts of this formula do not add up",
            clause.span,
            (draft.formula.span, "the value of a whole is not the sum of its parts'"),
            *((place.span, "one value from the start to the deadline") for place in [measured] if place),
            help="`measured every month` forecasts the value of the last month",
        )
    return evolve(promise, forecast=level)

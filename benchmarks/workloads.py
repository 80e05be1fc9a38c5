"""KPIs by month and channel, each with a filter of its own, as a spec and as SQL.

The n-th KPI of a workload is the same in a list of 20 and of 5000. A filter is written once: the words of
the language and of SQL differ in quotes and units only.

dims      filters on channel and campaign, with `and`, `or` and `in`
full      the same, and thresholds of pages and revenues, alone and together
distinct  as full, and every fifth KPI counts the users or sessions there were
slices    by landing page, with filters on the channel and thresholds of the spend
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Literal

from attrs import frozen

Workload = Literal["dims", "full", "distinct", "slices"]
WORKLOADS: tuple[Workload, ...] = ("dims", "full", "distinct")
MEASURES = ("spend", "revenue", "clicks", "leads")
EVENTS = """\
source events "Marketing events over two years"
  from        "{file}"
  row         event
  time        day
  channel     channel
  column      campaign text
  column      user_id id of user
  column      session id of session
  column      spend EUR
  column      revenue EUR
  column      clicks click
  column      leads lead
  column      page number

"""
LANDINGS = """\
source events "Events of a year by landing page"
  from        "{file}"
  row         event
  time        day
  channel     channel
  column      {dimension} text
  column      spend EUR
  column      clicks click

"""


@frozen
class Kpi:
    """One KPI: what is aggregated of the rows that its filter keeps."""

    name: str
    kind: Literal["sum", "count", "share", "distinct"]
    column: str
    """Summed, divided by the count of rows, or counted distinct."""
    where: str
    """As the language writes it."""

    def spec(self, dimension: str) -> str:
        """Its definition in the language."""
        lines = (f"formula     {self.formula}", "measured    every month", f"by          {dimension}")
        return "\n  ".join((f"kpi {self.name}", *lines)) + "\n\n"

    @property
    def formula(self) -> str:
        match self.kind:
            case "sum":
                return f"sum(events.{self.column}) where {self.where}"
            case "count":
                return f"count(events) where {self.where}"
            case "distinct":
                return f"count distinct(events.{self.column}) where {self.where}"
            case "share":
                return f"(sum(events.{self.column}) where {self.where}) / (count(events) where {self.where})"

    @property
    def condition(self) -> str:
        """Its filter in SQL."""
        return self.where.replace('"', "'").replace(" EUR", "")

    def filtered(self) -> str:
        """Its value in SQL, the filter as FILTER."""
        kept = f"FILTER (WHERE {self.condition})"
        return self._value(
            lambda x: f"sum({x}) {kept}", f"count(*) {kept}", f"count(DISTINCT {self.column}) {kept}"
        )

    def cased(self) -> str:
        """Its value in SQL, the filter as CASE."""

        def case(x: str) -> str:
            return f"CASE WHEN {self.condition} THEN {x} END"

        return self._value(
            lambda x: f"sum({case(x)})", f"count({case('1')})", f"count(DISTINCT {case(self.column)})"
        )

    def alone(self) -> str:
        """Its value in SQL where the filter stands in WHERE."""
        return self._value(lambda x: f"sum({x})", "count(*)", f"count(DISTINCT {self.column})")

    def _value(self, total: Callable[[str], str], rows: str, distinct: str) -> str:
        match self.kind:
            case "sum":
                return f"coalesce({total(self.column)}, 0)"
            case "count":
                return rows
            case "distinct":
                return distinct
            case "share":
                return f"{total(self.column)} / nullif({rows}, 0)"


def kpis(workload: Workload, count: int) -> list[Kpi]:
    """The first KPIs of a workload."""
    return list(islice(_all(workload), count))


def spec(file: str, dimension: str, chosen: list[Kpi]) -> str:
    """A whole spec over a file of events, or of landings where the dimension is one of their pages."""
    head = EVENTS if dimension == "channel" else LANDINGS
    text = head.format(file=file, dimension=dimension)
    return text + "".join(kpi.spec(dimension) for kpi in chosen)


def _all(workload: Workload) -> Iterator[Kpi]:
    """Without end; no filter comes twice."""
    chance, seen = random.Random(workload), set()
    n = 0
    while True:
        where = _landing(chance, n) if workload == "slices" else _event(chance, n, workload != "dims")
        if where in seen:
            continue
        seen.add(where)
        column = MEASURES[n // 4 % 4] if workload != "slices" else ("spend", "clicks")[n // 4 % 2]
        if workload == "distinct" and n % 5 == 0:
            yield Kpi(f"kpi_{n}", "distinct", ("user_id", "session")[n // 5 % 2], where)
        elif n % 4 == 3:
            yield Kpi(f"kpi_{n}", "count", column, where)
        else:
            yield Kpi(f"kpi_{n}", "share" if n % 4 == 2 else "sum", column, where)
        n += 1


def _event(chance: random.Random, n: int, thresholds: bool) -> str:
    """A filter of events; half of them have a threshold, where there may be any."""
    channel, campaign = chance.randrange(8), chance.randrange(200)
    one, other = chance.sample(range(200), 2)
    low = chance.randrange(0, 400)
    if thresholds and n % 2:
        return (
            f"page >= {low} and page < {low + chance.randrange(20, 100)}",
            f"revenue > {chance.randrange(0, 18000) / 100} EUR",
            f'page < {low} and channel = "channel {channel}"',
            f'(campaign = "campaign {campaign}" or campaign = "campaign {one}") and revenue >= {low / 4} EUR',
            f'page >= {low} and (revenue > {low / 5} EUR or channel != "channel {channel}")',
        )[n // 2 % 5]
    return (
        f'channel = "channel {channel}" and campaign = "campaign {campaign}"',
        f'campaign in ("campaign {one}", "campaign {other}", "campaign {campaign}")',
        f'channel = "channel {channel}" or campaign = "campaign {campaign}"',
        f'channel in ("channel {channel}", "channel {(channel + 3) % 8}") and campaign != "campaign {one}"',
    )[(n + n // 4 + n // 20) % 4]


def _landing(chance: random.Random, n: int) -> str:
    """A filter of landings."""
    channel, spend = chance.randrange(8), chance.randrange(0, 5000) / 100
    return (
        f'channel = "channel {channel}"',
        f'channel in ("channel {channel}", "channel {(channel + 1 + n % 6) % 8}")',
        f"spend >= {spend} EUR",
    )[n % 3 if n < 12 else 1 + n % 2]

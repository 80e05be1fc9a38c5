"""What objectives, measures, constants, periods and the calendar say, as facts."""

from __future__ import annotations

from calendar import day_name, month_name
from collections.abc import Iterable
from datetime import date

from kpidsl.diff.changes import Category, Direction
from kpidsl.diff.directions import harder
from kpidsl.diff.facts import Fact, Facts, View, number, text
from kpidsl.graph import Constant, Measure, Objective
from kpidsl.model.named import NamedPeriod
from kpidsl.model.periods import Calendar
from kpidsl.model.units import PERCENT, format_value
from kpidsl.render import words

VALUE, TARGET = Category.VALUE, Category.TARGET


def measure_facts(measure: Measure, view: View) -> Facts:
    """What a measure says. KPIs that rest on it tell what that changes."""
    said = words.formula(measure.node, view.leaf)
    formula = Fact(view.meaning.node(measure.node), said, VALUE, measure.node, weighs=False)
    return {"formula": formula} | text(measure.title, "title")


def constant_facts(constant: Constant, view: View) -> Facts:
    """What a constant says."""
    said = number(constant.value, constant.unit)
    return {"value": Fact(view.meaning.node(constant), said, VALUE, weighs=False)}


def period_facts(period: NamedPeriod, view: View) -> Facts:
    """What a named period says. KPIs that rest on it tell what that changes."""
    said = ", ".join(_days(start, end) for start, end in period.spans)
    return {"days": Fact(said, said, VALUE, weighs=False)} | text(period.title, "title")


def calendar_facts(calendar: Calendar, view: View) -> Facts:
    """What the calendar says. But for the zone, KPIs tell what that changes."""
    retail = calendar.retail
    kept = {
        "fiscal year": f"starts in {month_name[calendar.fiscal_month]}",
        "weeks": f"start on {day_name[calendar.week_start]}",
        "retail years": "none" if retail is None else _retail(retail),
        "weekend": _listed(day_name[day] for day in sorted(calendar.weekend)),
        "holidays": _listed(sorted("-".join(filter(None, pair)) for pair in calendar.holidays)),
        "days off": _listed(sorted(_days(window.start, window.end) for window in calendar.days_off)),
    }
    zone = Fact(calendar.zone, calendar.zone, VALUE)
    return {"time zone": zone} | {
        aspect: Fact(said, said, TARGET if aspect in _PACE else VALUE, weighs=False)
        for aspect, said in kept.items()
    }


_PACE = ("weekend", "holidays", "days off")


def _days(start: date, end: date) -> str:
    return f"{start} to {end}" if start != end else str(start)


def _retail(years: object) -> str:
    return repr(years).partition("(")[2].rstrip(")")


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "none"


# -- objectives --------------------------------------------------------------------------------------


def objective_facts(objective: Objective, view: View) -> Facts:
    """What an objective says; members by the names that they have now."""
    found: Facts = {"rule": Fact(f"{objective.rule} {objective.need!r}", _rule(objective), TARGET, objective)}
    for name, weight in objective.members:
        said = [f"weight {weight:g}"]
        said += ["key"] if name in objective.keys else []
        said += ["for information"] if name in objective.shown else []
        meant = f"{weight!r} {name in objective.keys} {name in objective.shown} {name in objective.nested}"
        called = view.kpis.get(name, name) if name not in objective.nested else name
        found[f"member {called}"] = Fact(meant, ", ".join(said), TARGET, (name, objective))
    return found | text(objective.title, "title") | text(objective.owner, "owner")


def _rule(objective: Objective) -> str:
    match objective.rule:
        case "all":
            return "when all are met"
        case "any":
            return "when any is met"
        case "share":
            return f"when at least {format_value(objective.need, PERCENT)} are met"


def objective_direction(
    aspect: str, old: Fact | None, new: Fact | None, before: Objective, after: Objective
) -> Direction | None:
    """How an objective is moved: by what it needs, and by who counts where all or any have to be met."""
    if aspect == "rule":
        return harder(after.need - before.need)
    if not aspect.startswith("member ") or before.rule != after.rule:
        return None
    was, becomes = _standing(old), _standing(new)
    if was[0] == becomes[0]:
        return harder(becomes[1] - was[1]) if _weight(old) == _weight(new) else None
    if was[1] or becomes[1]:
        return harder(becomes[1] - was[1])
    return harder((becomes[0] - was[0]) * {"all": 1, "any": -1, "share": 0}[after.rule])


def _standing(fact: Fact | None) -> tuple[int, int]:
    """Whether a member counts, and whether it is a key one."""
    if fact is None or not isinstance(fact.value, tuple):
        return 0, 0
    name, objective = fact.value
    return int(name not in objective.shown), int(name in objective.keys)


def _weight(fact: Fact | None) -> float:
    if fact is None or not isinstance(fact.value, tuple):
        return 0.0
    name, objective = fact.value
    return float(dict(objective.members)[name])

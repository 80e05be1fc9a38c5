"""What a command or a call was given, as the text of a scenario; so it is read and checked as one is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve, frozen

from kpidsl.compile import compile_files
from kpidsl.diagnostics import Diagnostic, Report, Source
from kpidsl.graph import Scenario
from kpidsl.model.units import ONE, PERCENT, POINTS, Unit
from kpidsl.specs import (
    Specs,
)
from kpidsl.syntax.parse import parse

_GIVEN = re.compile(r"\s*(?P<name>[^=\[\]\n]+?)\s*(?:\[(?P<slice>[^\]\n]*)\])?\s*=\s*(?P<value>[^\n]+?)\s*")
_BARE = re.compile(r"[+-]?\s*\d+(?:_\d+)*(?:\.\d+)?|\(\s*-?\s*\d+(?:_\d+)*(?:\.\d+)?\s*\)")
_NUMBER = re.compile(r"(-?\s*\d+(?:_\d+)*(?:\.\d+)?)\s*(%?)(.*)")
_PLAIN = re.compile(r"[^\W\d]\w*")


@frozen
class Sought:
    """What `kpi solve` is asked for: the KPI and its value as given, the name looked for, and where."""

    goal: str
    unknown: str
    between: tuple[float, float] | None = None


def scenario(
    specs: Specs, sets: Sequence[str], sought: Sought | None = None
) -> tuple[Specs, Scenario] | tuple[Diagnostic, ...]:
    """The specs with the scenario that was asked for, or all that is wrong with it.

    `sets`: `NAME=VALUE`, `NAME[channel]=VALUE`; a value is written as in a spec, may lack its unit, and is a
    change where it begins with a sign.
    """
    title = f"Which {sought.unknown.strip()} gives {sought.goal.strip()}?" if sought else "What if"
    lines = [f"scenario {_text(title)}"]
    for text in sets:
        found = _GIVEN.fullmatch(text)
        if found is None:
            return (_unreadable(text, "NAME=VALUE or NAME[CHANNEL]=VALUE"),)
        how, value = _change(found["value"])
        value = _with_unit(specs, found["name"], value)
        part = found["slice"]
        where = "" if part is None else f" for {_text(part)}"
        lines.append(f"  set {_name(found['name'])}{where} {how} {value}")
    if sought is not None:
        found = _GIVEN.fullmatch(sought.goal)
        if found is None or found["slice"] is not None:
            return (_unreadable(sought.goal, "KPI=VALUE"),)
        value = _with_unit(specs, found["name"], found["value"])
        lines.append(f"  solve {_name(sought.unknown)} for {_name(found['name'])} = {value}")
    return _added(specs, Source("what was asked", "\n".join(lines) + "\n"))


def _added(specs: Specs, source: Source) -> tuple[Specs, Scenario] | tuple[Diagnostic, ...]:
    report = Report()
    parsed = parse(source, report)
    if report.errors:
        return tuple(report.sorted())
    files = (*specs.files, parsed)
    graph = compile_files(files, report)
    mine = tuple(d for d in report.sorted() if d.span is not None and d.span.source is source)
    found = next((s for s in graph.scenarios if s.span.source is source), None)
    if found is None or found.broken is not None:
        return mine or ((found.broken,) if found and found.broken else ())
    graph = evolve(graph, sources=specs.graph.sources)
    return specs.with_graph(graph, source), found


def _text(text: str) -> str:
    said = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{said}"'


def _change(text: str) -> tuple[str, str]:
    """`+10%` is an increase by 10%."""
    if text[0] in "+-":
        return ("increase by" if text[0] == "+" else "decrease by"), text[1:].strip()
    return "=", text


def _name(text: str) -> str:
    text = text.strip().strip("`")
    return text if _PLAIN.fullmatch(text) else f"`{text}`"


def _with_unit(specs: Specs, name: str, value: str) -> str:
    """A number alone is in the unit of what it is a value of; a percentage is always written as one."""
    unit = unit_of(specs, name.strip().strip("`"))
    if unit in (None, ONE, PERCENT, POINTS) or not _BARE.fullmatch(value):
        return value
    return f"({value[1:-1].strip()} {unit})" if value.startswith("(") else f"{value} {unit}"


def unit_of(specs: Specs, name: str) -> Unit | None:
    """The unit of a KPI, a measure or a constant."""
    graph = specs.graph
    if name in graph.kpis:
        return graph.kpis[name].unit
    if name in graph.measures:
        return graph.measures[name].node.unit
    return graph.constants[name].unit if name in graph.constants else None


def numbered(text: str) -> float | None:
    """A bound of the search: `2_500`, `2_500 EUR`, `4%`; None for what is no number."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    value = float(found[1].replace(" ", "").replace("_", ""))
    return value / 100 if found[2] else value


def _unreadable(text: str, form: str) -> Diagnostic:
    return Diagnostic(
        "K726", f"`{text}` is not of the form {form}", help="such as `ad_spend=2_500`, `leads[google]=+10%`"
    )

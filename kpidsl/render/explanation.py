"""A verdict taken apart, as text: the formula in words, with numbers, its parts, and what was promised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from kpidsl.evaluate.tables import Query
from kpidsl.explain import Explanation, Part
from kpidsl.graph import Node
from kpidsl.model.named import NamedPeriod
from kpidsl.model.units import Unit, format_value
from kpidsl.render import data, figures, plain, words
from kpidsl.render.cells import Screen, clean, pad, width, wrap

if TYPE_CHECKING:
    from kpidsl.model.periods import Window
    from kpidsl.project import Outcome
    from kpidsl.results import Verdict

_LABEL = 12
"""Width of the words at the left."""


def render(explanation: Explanation, outcome: Outcome, screen: Screen, *, sql: bool) -> str:
    """The whole explanation."""
    v, kpi = explanation.verdict, explanation.kpi
    named = words.names({name: measure.node for name, measure in outcome.graph.measures.items()})
    title = screen.paint(clean(v.title), "bold") + (f" · {figures.slice_name(v)}" if v.slice else "")
    place = f"{clean(kpi.span.source.name)}:{kpi.span.line}"
    lines = [f"{title}  {screen.paint(f'{kpi.name}  {place}', 'dim')}"]
    light = screen.paint(f"{figures.sign(v.light, screen)} {v.word}", figures.style(v))
    first, *rest = wrap(clean(v.why), max(screen.width - 2, 30)) or [""]
    lines += [light, f"  {first}", *(f"  {line}" for line in rest), ""]
    lines += _labelled("formula", _formula(explanation, named), screen)
    lines += _parts(explanation, named, screen)
    for label, said in _promise(explanation, outcome, named):
        lines += _labelled(label, [said], screen)
    lines += _sources(explanation, outcome, screen)
    if sql:
        lines += _queries(explanation.queries, screen)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _labelled(label: str, texts: list[str], screen: Screen) -> list[str]:
    """Each text wrapped beside its label, further ones under the first."""
    room = max(screen.width - _LABEL, 30)
    found = [line for text in texts for line in (wrap(text, room) or [""])]
    heads = [screen.paint(pad(label, _LABEL), "dim")] + [" " * _LABEL] * (len(found) - 1)
    return [head + line for head, line in zip(heads, found, strict=True)]


def _formula(explanation: Explanation, named: words.Leaf) -> list[str]:
    """As written; with the measures written out where that says more; with numbers; the result."""
    kpi, v = explanation.kpi, explanation.verdict
    written = clean(kpi.text)
    texts = [written]
    full = clean(words.formula(kpi.formula, named))
    if full.replace("(", "").replace(")", "") != written.replace("(", "").replace(")", ""):
        texts.append(f"= {full}")
    if explanation.values:
        put_in = clean(words.formula(kpi.formula, _numbers(explanation), top=False))
        texts.append(f"= {put_in}")
        result = figures.amount(v.value, v.unit) if v.value is not None else "no value"
        if result != put_in:
            texts.append(f"= {result}")
    return texts


def _numbers(explanation: Explanation) -> words.Leaf:
    values = explanation.values

    def leaf(node: Node) -> str | None:
        if node not in values:
            return None
        value = values[node]
        return "no value" if value is None else format_value(value, node.unit)

    return leaf


def _parts(explanation: Explanation, named: words.Leaf, screen: Screen) -> list[str]:
    """A row for each part: its name, what it is, its value, and the rows that went into it."""
    if not explanation.parts:
        return []
    texts = []
    for part in explanation.parts:
        said = clean(words.formula(part.node, named))
        text = f"{'  ' * part.depth}{part.name} = {said}" if part.name else f"{'  ' * part.depth}{said}"
        texts.append(text)
    values = [
        format_value(p.value, p.node.unit) if p.value is not None else "no value" for p in explanation.parts
    ]
    most = max(map(width, values))
    room = max(screen.width - _LABEL - most - 2, 24)
    lines = [""]
    for index, (part, text, value) in enumerate(zip(explanation.parts, texts, values, strict=True)):
        head = screen.paint(pad("" if index else "parts", _LABEL), "dim")
        first, *rest = wrap(text, room)
        indent = "  " * part.depth
        lines.append(f"{head}{pad(value, most, right=True)}  {indent}{first}")
        lines += [" " * (_LABEL + most + 4) + indent + line for line in rest]
        note = _note(part, explanation)
        left = " " * (_LABEL + most + 2) + indent
        lines += [left + screen.paint(line, "dim") for line in wrap(note, max(screen.width - len(left), 20))]
    return [*lines, ""]


def _titled(window: Window) -> str:
    """The title of a named period, in parentheses."""
    match window.of:
        case NamedPeriod(title=str() as title):
            return f" ({clean(title)})"
        case _:
            return ""


def _note(part: Part, explanation: Explanation) -> str:
    rows = (
        ""
        if part.rows is None
        else f"{part.rows:,} row{'s' if part.rows != 1 else ''} of {' and '.join(part.sources)}"
    )
    days = (
        part.window.label
        if part.window != explanation.verdict.window or part.window.regular
        else f"{part.window}"
    )
    why = f": {clean(part.why)}" if part.why else ""
    return f"{clean(rows)} in {days}{why}" if rows else f"{days}{why}"


# -- the promise -----------------------------------------------------------------------------------


def _promise(explanation: Explanation, outcome: Outcome, named: words.Leaf) -> Iterator[tuple[str, str]]:
    """What was promised and how the value compares, line by line, for what there is."""
    v, kpi = explanation.verdict, explanation.kpi
    if v.window is not None:
        state = "open" if v.running else "closed"
        ends = "" if not v.window.regular else f": {v.window.start} to {v.window.end}"
        yield "window", f"{v.window.label}{_titled(v.window)}{ends}, {state}"
    if v.target is not None:
        yield "target", _target(v)
    if v.tolerance is not None:
        yield "tolerance", _tolerance(explanation)
    if figures.by_now(v):
        yield "by now", figures.bounds(v.reference_low, v.reference_high, v.unit)
    if v.baseline is not None:
        yield "baseline", figures.amount(v.baseline, v.unit)
    if v.gap is not None:
        yield "gap", f"{'+' if v.gap > 0 else ''}{_distance(v.gap, v.unit)}"
    if v.attainment is not None:
        yield "attained", figures.percent(v.attainment)
    if v.low is not None and v.high is not None and kpi.promise.confident is not None:
        sure = figures.percent(kpi.promise.confident)
        yield "interval", f"{figures.bounds(v.low, v.high, v.unit)}, with {sure} confidence"
    if v.sample is not None and kpi.promise.sample is not None:
        yield "sample", figures.amount(v.sample, str(kpi.promise.sample.unit))
    if v.projection is not None and (v.projection != v.value or v.projection_low is not None):
        yield "projection", _projection(v, kpi.promise.forecast)
    if v.deadline is not None:
        left = f", {v.days_left} days left" if v.days_left else ""
        yield "deadline", f"{v.deadline}{left}"
    yield "hash", kpi.hash


def _projection(v: Verdict, level: float | None) -> str:
    """What is expected at the deadline, by what, and what follows for the target."""
    said = figures.amount(v.projection, v.unit)
    if v.projection_low is not None and level is not None:
        between = figures.bounds(v.projection_low, v.projection_high, v.unit)
        said += f" forecast for the end, {between} at {figures.percent(level)}"
    else:
        said += " at the end, if it goes on like this"
    return f"{said}: {_OUTLOOKS[v.projected]}" if v.projected else said


_OUTLOOKS = {"kept": "target kept", "not kept": "target not kept", "open": "target open"}


def _target(v: Verdict) -> str:
    """As the spec says it, and in numbers where that is something else."""
    numbers = figures.bounds(v.target_low, v.target_high, v.unit)
    said = clean(v.target or "")
    plain = said.replace("between ", "").replace(" and ", " to ")
    return said if not numbers or plain.startswith(numbers) else f"{said}: {numbers}"


def _tolerance(explanation: Explanation) -> str:
    """In the KPI's unit, and as it is written where that is a part of the target."""
    v, kpi = explanation.verdict, explanation.kpi
    own = next((part.tolerance for part in kpi.slices if (part.value,) == explanation.key), None)
    tolerance = own or kpi.promise.tolerance
    here = _distance(v.tolerance or 0.0, v.unit)
    return f"{tolerance.text} of the target: {here}" if tolerance is not None and tolerance.relative else here


def _distance(value: float, unit: str) -> str:
    """A difference: of percents it is in points."""
    parsed = Unit.parse(unit)
    return format_value(value, Unit.parse("points") if parsed.style == "percent" else parsed)


def _sources(explanation: Explanation, outcome: Outcome, screen: Screen) -> list[str]:
    used = dict.fromkeys(source for part in explanation.parts for source in part.sources)
    said = []
    for name in used:
        profile = outcome.profiles.get(name)
        if profile is not None:
            extent = (
                f"{profile.rows:,} rows, {profile.first} to {profile.watermark}"
                if profile.first
                else "no rows"
            )
            said.append(f"{clean(name)}: {extent}{'; ' + clean(profile.stale) if profile.stale else ''}")
    return _labelled("sources", said, screen) if said else []


def _queries(queries: Iterable[Query], screen: Screen) -> list[str]:
    """The SQL as it ran, unwrapped so that it can be copied."""
    lines = []
    for query in queries:
        lines += ["", screen.paint(f"-- {clean(query.source)}: {query.rows:,} cells", "dim")]
        lines += [clean(line) for line in query.sql.splitlines()]
    return lines


def queries(found: Iterable[Query], screen: Screen) -> str:
    """The SQL alone."""
    return "".join(f"{line}\n" for line in _queries(found, screen))


# -- JSON ------------------------------------------------------------------------------------------


def as_data(explanation: Explanation, outcome: Outcome) -> dict[str, Any]:
    """The explanation as plain data; how long queries took is left out, for it differs from run to run."""
    named = words.names({name: measure.node for name, measure in outcome.graph.measures.items()})
    return {
        "schema_version": data.SCHEMA_VERSION,
        "as_of": outcome.as_of.isoformat(),
        "kpi": explanation.kpi.name,
        "hash": explanation.kpi.hash,
        "formula": explanation.kpi.text,
        "with_numbers": words.formula(explanation.kpi.formula, _numbers(explanation), top=False),
        "verdict": plain.verdict(explanation.verdict),
        "parts": [
            {
                "name": part.name,
                "formula": words.formula(part.node, named),
                "depth": part.depth,
                "value": data.figure(part.value),
                "unit": str(part.node.unit),
                "rows": part.rows,
                "sources": list(part.sources),
                "start": part.window.start.isoformat(),
                "end": part.window.end.isoformat(),
                "why": part.why,
            }
            for part in explanation.parts
        ],
        "queries": [{"source": q.source, "sql": q.sql, "rows": q.rows} for q in explanation.queries],
    }

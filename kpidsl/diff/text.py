"""Comparisons and histories as a person reads them: in a terminal, in a pull request, in a changelog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from kpidsl.diff.changes import Category, Change
from kpidsl.diff.comparison import Comparison
from kpidsl.diff.history import History
from kpidsl.diff.release import bump, by_heading
from kpidsl.render.cells import Screen, clean, pad, width, wrap

if TYPE_CHECKING:
    from kpidsl.diff.numbers import Difference, Numbers
    from kpidsl.results import ObjectiveVerdict, Verdict

_SIGNS = {"loud": "■", "breaking": "▲", "added": "+", "removed": "-", "other": "·"}
_PLAIN = {"loud": "x", "breaking": "!", "added": "+", "removed": "-", "other": "."}
_STYLES = {"loud": "bold red", "breaking": "bold yellow", "added": "green", "removed": "red", "other": "dim"}
_EMOJI = {"loud": "🔴", "breaking": "🟠", "added": "🟢", "removed": "⚪", "other": "⚪"}
_CATEGORY = 8
"""The width of a category's word with what separates it."""
_MOST_SLICES = 10


def render(comparison: Comparison, screen: Screen, *, quiet: bool = False) -> str:
    """Changes by definition, and what they add up to. Quiet: only what is breaking."""
    changes = [change for change in comparison.changes if change.breaking or not quiet]
    arrow = "→" if screen.unicode else "->"
    head = f"{clean(comparison.old.shown)} {arrow} {clean(comparison.new.shown)}"
    lines = [] if quiet else [f"{screen.paint(head, 'bold')}, as of {comparison.as_of}", ""]
    for (kind, name), some in groupby(changes, key=lambda change: (change.kind, change.name)):
        lines += [*_definition(kind, name, list(some), screen), ""]
    if not quiet or changes:
        lines += _wrapped(_tally(comparison), screen)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _definition(kind: str, name: str, changes: Sequence[Change], screen: Screen) -> Iterator[str]:
    title = changes[0].title
    called = "" if kind in ("kpi", "calendar") else f"{kind} "
    yield f"{called}{screen.paint(clean(name), 'bold')}" + (f"  {clean(title)}" if title else "")
    for change in changes:
        weight = _weight(change)
        sign = (_SIGNS if screen.unicode else _PLAIN)[weight]
        first, *rest = wrap(clean(change.clause), max(screen.width - _CATEGORY - 4, 30)) or [""]
        tone = _STYLES[weight]
        head = f"{screen.paint(sign, tone)} {screen.paint(f'{change.category.name:<{_CATEGORY}}', tone)}"
        yield f"  {head}{first}"
        yield from (" " * (_CATEGORY + 4) + line for line in rest)


def _weight(change: Change) -> str:
    if change.loud:
        return "loud"
    if change.breaking:
        return "breaking"
    return change.aspect if change.aspect in ("added", "removed") else "other"


def _tally(comparison: Comparison) -> str:
    changes = comparison.changes
    if not changes:
        return "nothing means anything else"
    counts = [
        (sum(c.category is category for c in changes), category.name) for category in reversed(Category)
    ]
    said = f"{_count(len(changes), 'change')}: " + ", ".join(f"{n} {name}" for n, name in counts if n)
    broken = sum(change.breaking for change in changes)
    moved = len({change.name for change in changes if change.moved})
    if broken:
        said += f"; {broken} breaking"
    if moved:
        said += f"; goalposts moved: {moved}"
    if comparison.affected:
        said += f"; {_count(len(comparison.affected), 'KPI')} affected"
    return f"{said}; suggested version: {bump(changes)}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number != 1 else ''}"


def _wrapped(text: str, screen: Screen) -> list[str]:
    return wrap(text, max(screen.width, 30))


# -- numbers -----------------------------------------------------------------------------------------


def render_numbers(found: Numbers, screen: Screen) -> str:
    """Verdicts and values before and after, on the same rows."""
    arrow = "→" if screen.unicode else "->"
    rows = [_row(difference, screen, arrow) for difference in _shown(found)]
    rows += [_rolled(before, after, screen, arrow) for before, after in found.objectives]
    lines = ["", screen.paint(f"on the same rows, as of {found.as_of}", "bold")]
    if rows:
        table = [("", "KPI", "before", "after", "delta"), *rows]
        widths = [max(width(row[at]) for row in table) for at in range(5)]
        for number, row in enumerate(table):
            cells = [pad(cell, widths[at], right=at > 1) for at, cell in enumerate(row)]
            line = "  ".join(cells).rstrip()
            lines.append(screen.paint(line, "dim") if number == 0 else line)
    turned = len({d.name for d in found.differences if d.turned and not d.slice})
    other = len({d.name for d in found.differences})
    said = f"{_count(other, 'KPI')} with another number or verdict, {turned} with another verdict"
    lines += ["", f"{said}; {found.same} the same{_unknown(found)}"]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _shown(found: Numbers) -> Iterator[Difference]:
    """Of each KPI the total and ten slices."""
    for _, some in groupby(found.differences, key=lambda difference: difference.name):
        yield from list(some)[: _MOST_SLICES + 1]


Cells = tuple[str, str, str, str, str]


def _row(difference: Difference, screen: Screen, arrow: str) -> Cells:
    from kpidsl.render import figures

    before, after = difference.before, difference.after
    known = after or before
    assert known is not None
    name = f"  {figures.slice_name(known)}" if known.slice else clean(difference.title)
    values = [figures.compact(one.value, one.unit) or "no value" if one else "" for one in (before, after)]
    unit = "points" if known.unit == "%" else known.unit
    delta = "" if difference.delta is None else figures.compact(difference.delta, unit)
    sign = "+" if difference.delta is not None and difference.delta > 0 else ""
    return _words(before, after, screen, arrow), name, values[0], values[1], f"{sign}{delta}"


def _rolled(
    before: ObjectiveVerdict | None, after: ObjectiveVerdict | None, screen: Screen, arrow: str
) -> Cells:
    known = after or before
    assert known is not None
    return _words(before, after, screen, arrow), f"objective {clean(known.title)}", "", "", ""


def _words(
    before: Verdict | ObjectiveVerdict | None,
    after: Verdict | ObjectiveVerdict | None,
    screen: Screen,
    arrow: str,
) -> str:
    from kpidsl.render import figures

    said = [f"{figures.sign(one.light, screen)} {one.word}" if one else "(none)" for one in (before, after)]
    return said[1] if said[0] == said[1] else f"{said[0]} {arrow} {said[1]}"


# -- Markdown ----------------------------------------------------------------------------------------


def as_markdown(comparison: Comparison, found: Numbers | None = None) -> str:
    """A table that GitHub shows; what moves goalposts stands above it."""
    from kpidsl.render.tables import marked

    changes = comparison.changes
    lines = [f"### {marked(comparison.old.shown)} → {marked(comparison.new.shown)}", ""]
    for change in changes:
        if change.moved:
            lines.append(f"> {_EMOJI[_weight(change)]} **{marked(change.name)}**: {marked(change.clause)}")
            lines.append(">")
    if lines[-1] == ">":
        lines[-1] = ""
    if changes:
        lines += ["| | | what | change |", "|---|---|---|---|"]
        for change in changes:
            title = f" {marked(change.title)}" if change.title else ""
            kind = "" if change.kind == "kpi" else f"{change.kind} "
            what = f"{kind}**{marked(change.name)}**{title}"
            lines.append(
                f"| {_EMOJI[_weight(change)]} | {change.category.name} | {what} | {marked(change.clause)} |"
            )
        lines.append("")
    lines.append(marked(_tally(comparison)))
    if found is not None:
        lines += ["", *_markdown_numbers(found)]
    return "\n".join(lines) + "\n"


def _unknown(found: Numbers) -> str:
    return f", {found.unknown} could be evaluated on neither side" if found.unknown else ""


def _markdown_numbers(found: Numbers) -> Iterator[str]:
    from kpidsl.render.tables import marked

    screen = Screen()
    rows = [_row(difference, screen, "→") for difference in _shown(found)]
    rows += [_rolled(before, after, screen, "→") for before, after in found.objectives]
    yield f"On the same rows, as of {found.as_of}:"
    if rows:
        yield from ("", "| | KPI | before | after | delta |", "|---|---|--:|--:|--:|")
        yield from (f"| {' | '.join(marked(cell.strip()) for cell in row)} |" for row in rows)
    yield ""
    yield f"{found.same} {'KPIs are' if found.same != 1 else 'KPI is'} the same{_unknown(found)}."


def as_changelog(changes: Sequence[Change]) -> str:
    """An entry in the manner of Keep a Changelog; what is of no name and no number comes last."""
    from kpidsl.render.tables import marked

    lines = []
    for heading, some in by_heading(changes):
        lines += [f"### {heading}", "", *(_item(change, marked(change.clause)) for change in some), ""]
    return "\n".join(lines) if lines else "Nothing means anything else.\n"


def _item(change: Change, said: str) -> str:
    kind = "" if change.kind in ("kpi", "calendar") else f"{change.kind} "
    mark = "**breaking** " if change.breaking else ""
    return f"- {mark}{kind}`{change.name}`: {said}"


# -- history -----------------------------------------------------------------------------------------


def render_history(found: History, screen: Screen) -> str:
    """The newest commit first, each with its changes."""
    title = f"  {clean(found.title)}" if found.title else ""
    lines = [f"{screen.paint(clean(found.name), 'bold')}{title}"]
    for step in found.steps:
        commit = step.commit
        who = f"{commit.day}  {clean(commit.author)}  {screen.paint(commit.short, 'dim')}"
        lines += ["", f"{who}  {clean(commit.subject)}"]
        for change in step.changes:
            weight = _weight(change)
            sign = screen.paint((_SIGNS if screen.unicode else _PLAIN)[weight], _STYLES[weight])
            first, *rest = wrap(clean(change.clause), max(screen.width - 4, 30)) or [""]
            lines += [f"  {sign} {first}", *(f"    {line}" for line in rest)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def history_markdown(found: History) -> str:
    """A table, the newest first."""
    from kpidsl.render.tables import marked

    lines = [f"### {marked(found.name)}", "", "| day | author | commit | change |", "|---|---|---|---|"]
    rows: Iterable[tuple[str, ...]] = (
        (str(step.commit.day), marked(step.commit.author), f"`{step.commit.short}`", marked(change.clause))
        for step in found.steps
        for change in step.changes
    )
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"

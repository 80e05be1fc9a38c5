"""An evaluation as text for a terminal or a log.

A row for each KPI, then its slices, indented. Beneath what is not green stands the sentence that says why.
A light has its own sign and its word, so nothing is said by colour alone. On a narrow screen columns are
left out, the least needed first, and names are wrapped; numbers are never cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from kpidsl.diagnostics import Severity
from kpidsl.render import figures, promised
from kpidsl.render.cells import Screen, clean, pad, width, wrap
from kpidsl.render.choice import ALL, Choice, Chosen, for_people
from kpidsl.render.scorecard import scorecard

if TYPE_CHECKING:
    from kpidsl.project import Outcome
    from kpidsl.results import Judged, ObjectiveVerdict, Point, Profile, Verdict

_TITLES = ("", "KPI", "period", "value", "target", "by now", "attained", "trend")
_VERDICT, _KPI, _PERIOD, _VALUE, _TARGET, _BY_NOW, _ATTAINED, _TREND = range(8)
_RIGHT = (_VALUE, _BY_NOW, _ATTAINED)
_DROPPED = (_BY_NOW, _PERIOD, _TREND, _ATTAINED, _TARGET)
"""What is left out of a narrow table, first to last."""
_NAME_LEAST, _NAME_MOST = 24, 44
_STACKED = 60
"""On a screen narrower than this there is no table: each KPI takes some lines."""
_GAP = "  "


@frozen
class _Row:
    """Plain cells, and what is painted on them."""

    cells: tuple[str, ...]
    verdict: Verdict
    painted_trend: str
    indent: str
    why: str
    in_place: str
    """The sentence that is shown where there is no room for what is expected by now."""


def render(
    outcome: Outcome, screen: Screen, choice: Choice = ALL, *, quiet: bool = False, verbose: bool = False
) -> str:
    """The whole report. Quiet: only what is not green. Verbose: the sentence of every verdict, and
    every source."""
    chosen = [(judged, for_people(judged, choice, quiet=quiet)) for judged in outcome.judged]
    shown = [(judged, slices) for judged, slices in chosen if _matters(judged, slices, choice, quiet)]
    parts = [
        "" if quiet else _heading(outcome, screen),
        _sources(outcome, screen, verbose),
        _table(outcome, shown, screen, verbose),
        _objectives(outcome.objectives, screen, quiet),
        _summary(outcome, screen),
    ]
    return "\n".join(part for part in parts if part)


def _matters(judged: Judged, slices: Chosen, choice: Choice, quiet: bool) -> bool:
    """Whether a KPI is shown: for itself, or for a slice of it."""
    light = judged.headline.light
    wanted = (not quiet or light not in ("green", "none")) and (not choice.only or light in choice.only)
    return wanted or len(slices.which) > 0


def _heading(outcome: Outcome, screen: Screen) -> str:
    name = screen.paint(clean(outcome.name), "bold") if outcome.name else ""
    period = f", for {outcome.asked_for.label}" if outcome.asked_for else ""
    as_of = f"as of {outcome.as_of.isoformat()}{period}"
    return " · ".join(part for part in (name, as_of) if part) + "\n"


# -- sources ---------------------------------------------------------------------------------------


def _sources(outcome: Outcome, screen: Screen, verbose: bool) -> str:
    """What must be known of the data before a verdict is read: broken promises; verbose, each source's
    extent."""
    table = promised.as_text(promised.promises(outcome, every=verbose), screen)
    lines: list[str] = []
    for profile in outcome.profiles.values():
        lines += _warnings(profile, screen)
    if verbose:
        lines += _extents(outcome.profiles.values(), screen)
    lines = [*table, *([""] if table and lines else []), *lines]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _warnings(profile: Profile, screen: Screen) -> list[str]:
    told = [p for p in profile.problems if p.severity is Severity.WARNING and p.code not in promised.CODES]
    said = [problem.message for problem in told]
    sign = screen.paint(figures.sign("amber", screen), figures.STYLES["amber"])
    lines = []
    for text in (text.replace("`", "") for text in dict.fromkeys(said)):
        name = f"{clean(profile.source)}: " if f" {profile.source} " not in f" {text} " else ""
        first, *rest = wrap(f"{name}{clean(text)}", screen.width - 2)
        lines += [f"{sign} {first}", *(f"  {line}" for line in rest)]
    return lines


def _extents(profiles: Iterable[Profile], screen: Screen) -> list[str]:
    rows = [
        (clean(p.source), f"{p.rows:,} rows", f"{p.first} to {p.watermark}" if p.first else "no rows")
        for p in profiles
    ]
    if not rows:
        return []
    widths = [max(width(row[i]) for row in rows) for i in range(2)]
    return [
        screen.paint(f"  {pad(name, widths[0])}  {pad(count, widths[1], right=True)}  {days}", "dim")
        for name, count, days in rows
    ]


# -- the table -------------------------------------------------------------------------------------


def _table(outcome: Outcome, shown: Sequence[tuple[Judged, Chosen]], screen: Screen, verbose: bool) -> str:
    if not shown:
        return ""
    groups = [
        (list(_rows(judged, slices, judged.kpi in outcome.drafts, screen, verbose)), slices.left_out)
        for judged, slices in shown
    ]
    lines: list[str] = []
    if screen.width < _STACKED:
        for rows, left_out in groups:
            lines += [line for row in rows for line in _stacked(row, screen)]
            lines += _further(left_out, 4, screen)
        return "".join(f"{line.rstrip()}\n" for line in lines)
    widths = _widths([row for rows, _ in groups for row in rows], screen)
    head = [pad(title, widths[i], right=i in _RIGHT) for i, title in enumerate(_TITLES) if widths[i]]
    lines = [screen.paint(_GAP.join(head).rstrip(), "dim")]
    for rows, left_out in groups:
        lines += [line for row in rows for line in _lines(row, widths, screen)]
        lines += _further(left_out, widths[_VERDICT] + len(_GAP) + 2, screen)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _further(left_out: str, indent: int, screen: Screen) -> list[str]:
    """`and 999,980 more: 12 missed, 999,968 met`, below the slices."""
    said = f"and {left_out}" if left_out else ""
    return [" " * indent + screen.paint(line, "dim") for line in wrap(said, max(screen.width - indent, 20))]


def _rows(judged: Judged, chosen: Chosen, draft: bool, screen: Screen, verbose: bool) -> Iterable[_Row]:
    trends = figures.trends(judged, chosen.which)
    name = clean(judged.headline.title) + " (draft)" * draft
    yield _row(judged.headline, trends[0], screen, name, verbose)
    for n, trend in zip(chosen.which.tolist(), trends[1:], strict=True):
        verdict = judged.slices[n]
        yield _row(verdict, trend, screen, figures.slice_name(verdict), verbose)


def _needs_a_word(v: Verdict) -> bool:
    """What is not green says why. A slice that was asked nothing has nothing to say."""
    return v.light != "green" and not (v.slice and v.light == "none")


def _row(v: Verdict, history: Sequence[Point], screen: Screen, name: str, verbose: bool) -> _Row:
    indent = "  " if v.slice else ""
    why = clean(v.why)
    cells = (
        f"{figures.sign(v.light, screen)} {v.word if v.word != 'no target' else ''}",
        f"{indent}{name}",
        "" if v.slice else figures.period(v),
        figures.compact(v.value, v.unit),
        figures.at_a_glance(v, screen),
        figures.by_now(v),
        figures.percent(v.attainment) if v.attainment is not None else "",
        "".join(bar for bar, _ in figures.bars(history)) if screen.unicode else "",
    )
    said = why if verbose or _needs_a_word(v) else ""
    return _Row(cells, v, figures.trend(history, screen), indent, said, why if cells[_BY_NOW] else said)


def _widths(rows: Sequence[_Row], screen: Screen) -> list[int]:
    """The width of each column; 0 for one that is empty or for which there is no room."""
    widths = [max(width(row.cells[i]) for row in rows) for i in range(len(_TITLES))]
    widths = [max(w, len(title)) if w else 0 for w, title in zip(widths, _TITLES, strict=True)]
    wanted = min(widths[_KPI], _NAME_MOST)
    room = screen.width - _taken(widths)
    for column in _DROPPED:
        if room >= min(wanted, _NAME_LEAST):
            break
        widths[column] = 0
        room = screen.width - _taken(widths)
    widths[_KPI] = max(min(wanted, room), 8)
    return widths


def _taken(widths: Sequence[int]) -> int:
    """What the columns beside the names need, gaps included."""
    others = [w for i, w in enumerate(widths) if w and i != _KPI]
    return sum(others) + len(_GAP) * len(others)


def _lines(row: _Row, widths: Sequence[int], screen: Screen) -> list[str]:
    hang = row.indent + "  "
    first, *more = _names(row, widths[_KPI], hang)
    style = figures.style(row.verdict)
    parts = []
    for i, cell in enumerate(row.cells):
        if not widths[i]:
            continue
        if i == _KPI:
            parts.append(screen.paint(pad(first, widths[i]), "" if row.indent else "bold"))
        elif i == _TREND:
            parts.append(row.painted_trend)
        else:
            padded = pad(cell, widths[i], right=i in _RIGHT)
            parts.append(screen.paint(padded, style if i == _VERDICT else ""))
    start = " " * (widths[_VERDICT] + len(_GAP))
    lines = [_GAP.join(parts), *(start + screen.paint(line, "" if row.indent else "bold") for line in more)]
    room = screen.width - len(start) - len(hang)
    left = start + hang
    if room < 40:
        left, room = "    ", screen.width - 4
    why = row.why if widths[_BY_NOW] else row.in_place
    lines += [left + screen.paint(line, "dim") for line in wrap(why, max(room, 20))]
    return lines


def _stacked(row: _Row, screen: Screen) -> list[str]:
    """The light and the name, then the figures, then the reason."""
    v = row.verdict
    room = max(screen.width - 4, 16)
    head = f"{row.indent}{row.cells[_VERDICT].strip()}"
    names = wrap(row.cells[_KPI], max(screen.width - width(head) - 2, 12))
    figure = [
        cell
        for cell in (row.cells[_PERIOD], row.cells[_VALUE], row.cells[_TARGET], row.cells[_ATTAINED])
        if cell
    ]
    lines = [f"{screen.paint(head, figures.style(v))}{_GAP}{screen.paint(names[0], 'bold')}"]
    lines += [" " * (width(head) + 2) + screen.paint(name, "bold") for name in names[1:]]
    lines += [f"    {line}" for line in wrap(" · ".join(figure), room)]
    return lines + [f"    {screen.paint(line, 'dim')}" for line in wrap(row.in_place, room)]


def _names(row: _Row, cells: int, hang: str) -> list[str]:
    """The name over as many lines as it needs, those after the first set in."""
    text = row.cells[_KPI].strip()
    first = wrap(text, cells - width(row.indent))[0]
    rest = text[len(first) :].strip()
    return [row.indent + first, *(hang + line for line in wrap(rest, max(cells - width(hang), 4)))]


# -- objectives and the last line ------------------------------------------------------------------


def _objectives(objectives: Sequence[ObjectiveVerdict], screen: Screen, quiet: bool) -> str:
    shown = [o for o in objectives if not quiet or o.light != "green"]
    if not shown:
        return ""
    words = [f"{figures.sign(o.light, screen)} {o.word}" for o in shown]
    column = max(map(width, words)) + len(_GAP)
    lines = [screen.paint(" " * column + "objective", "dim")]
    for objective, word in zip(shown, words, strict=True):
        titles = wrap(clean(objective.title), max(screen.width - column, 12)) or [""]
        left = screen.paint(pad(word, column - len(_GAP)), figures.style(objective)) + _GAP
        for title in titles:
            lines.append(left + screen.paint(title, "bold"))
            left = " " * column
        hang = 4 if screen.width < _STACKED else column + 2
        room = max(screen.width - hang, 16)
        lines += [" " * hang + screen.paint(line, "dim") for line in wrap(clean(objective.why), room)]
        lines += scorecard(objective, screen, hang, quiet=quiet)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _summary(outcome: Outcome, screen: Screen) -> str:
    """`12 KPIs: 1 missed, 2 at risk, 9 met; 1 draft`, then the same of objectives."""
    headlines = [j.headline for j in outcome.judged]
    drafts = len(outcome.drafts.intersection(v.kpi for v in headlines))
    counted = [v for v in headlines if v.kpi not in outcome.drafts]
    aside = [f"{drafts} draft{'s' if drafts > 1 else ''}"] if drafts else []
    lines = _tally("KPI", counted, aside, screen) + _tally("objective", outcome.objectives, [], screen)
    return "".join(f"{line}\n" for line in lines)


def _tally(
    noun: str, items: Sequence[Verdict | ObjectiveVerdict], aside: Sequence[str], screen: Screen
) -> list[str]:
    """How many have which word, what needs attention first, over as many lines as that takes."""
    words: dict[tuple[int, str], int] = {}
    for item in items:
        key = (figures.LIGHTS.index(item.light), item.word)
        words[key] = words.get(key, 0) + 1
    said = [
        (f"{count} {word}", figures.STYLES[figures.LIGHTS[at]]) for (at, word), count in sorted(words.items())
    ]
    said += [(text, "dim") for text in aside]
    if not said:
        return []
    lines = [f"{len(items)} {noun}{'s' if len(items) != 1 else ''}:"]
    used = width(lines[0])
    for index, (text, style) in enumerate(said):
        cell = text + ("," if index < len(said) - 1 else "")
        if used + 1 + width(cell) > screen.width:
            lines.append(" ")
            used = 1
        lines[-1] += f" {screen.paint(text, style)}{cell[len(text) :]}"
        used += 1 + width(cell)
    return lines

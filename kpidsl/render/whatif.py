"""What scenarios come to, as text, JSON and Markdown: what was assumed, found, changed and expected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kpidsl.render import figures, plain
from kpidsl.render.cells import Screen, clean, pad, width, wrap
from kpidsl.render.data import SCHEMA_VERSION, diagnostic, figure
from kpidsl.render.tables import marked

if TYPE_CHECKING:
    from kpidsl.results import Light, ObjectiveVerdict, Verdict
    from kpidsl.whatif import Pair, Ran, Report, Search

_HEAD = ("", "KPI", "before", "", "after")
_MOST = 10
"""Slices of a KPI that a person is shown; those whose word changes come first."""


def render(report: Report, screen: Screen, *, quiet: bool = False) -> str:
    """Each scenario with its changes. Quiet: only those that did not pass."""
    shown = [ran for ran in report.ran if not (quiet and ran.passed)]
    parts = ["".join(f"{line.rstrip()}\n" for line in _scenario(ran, screen)) for ran in shown]
    if any(ran.checks or ran.problems for ran in report.ran):
        parts.append(_tally(report))
    return "\n".join(parts)


def _tally(report: Report) -> str:
    lost = sum(ran.failed for ran in report.ran)
    passed = sum(ran.passed for ran in report.ran)
    failed = len(report.ran) - lost - passed
    counts = [(passed, "passed"), (failed, "failed"), (lost, "not run")]
    said = ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"{len(report.ran)} scenario{'s' * (len(report.ran) != 1)}: {said}\n"


def _scenario(ran: Ran, screen: Screen) -> Iterable[str]:
    yield f"{screen.paint(clean(ran.scenario.title), 'bold')} · as of {ran.as_of.isoformat()}"
    for setting in ran.scenario.sets:
        yield f"  {clean(setting.text)}"
    for problem in ran.problems:
        yield from _said(f"could not be run: {problem.told}", screen)
    if ran.search is not None:
        yield from _said(_sentence(ran.search), screen)
    if ran.note is not None:
        yield from _said(ran.note, screen)
    if not ran.problems and (ran.search is None or ran.search.chosen is not None):
        yield from _changes(ran, screen)
    for check in ran.checks:
        sign = _sign(check.passed, screen)
        yield f"  {sign} {clean(check.expected.text)}"
        if not check.passed:
            yield from (f"    {line}" for line in wrap(f"found: {clean(check.found)}", screen.width - 4))


def _said(text: str, screen: Screen) -> list[str]:
    return [f"  {line}" for line in wrap(clean(text), max(screen.width - 2, 20))]


def _sign(passed: bool, screen: Screen) -> str:
    light: Light = "green" if passed else "red"
    return screen.paint(figures.sign(light, screen), figures.STYLES[light])


def _sentence(search: Search) -> str:
    said = search.why
    if search.present is not None:
        said += f" It is {figures.amount(search.present, search.unit)} now."
    if len(search.roots.roots) > 1 and search.chosen is not None:
        said += f" What follows is for {figures.amount(search.chosen, search.unit)}, the nearest to that."
    return said


def _changes(ran: Ran, screen: Screen) -> Iterable[str]:
    rows = list(_rows(ran, screen))
    if rows:
        widths = [max(width(row[i]) for row, _ in [(_HEAD, ""), *rows]) for i in range(len(_HEAD))]
        room = screen.width - sum(widths) + widths[1] - 2 * len(widths)
        widths[1] = max(min(widths[1], room), 12)
        yield screen.paint(_line(_HEAD, widths), "dim")
        for row, style in rows:
            indent = "  " if row[1].startswith("  ") else ""
            first, *rest = wrap(row[1].strip(), widths[1] - len(indent)) or [""]
            cells = (row[0], indent + first, *row[2:])
            line = _line(cells, widths)
            head = pad(row[0], widths[0])
            yield line.replace(head, screen.paint(head, style), 1)
            yield from (" " * (widths[0] + 4 + len(indent)) + more for more in rest)
        left = ran.more + sum(1 for _ in _left_out(ran))
        if left:
            yield f"  and {left:,} more slices"
    turned = sum(pair.turned for pair in ran.pairs if not pair.after.slice)
    rests = f"{ran.rests} KPI{'s rest' if ran.rests != 1 else ' rests'} on it"
    yield f"  {rests}, {turned} with another word" if ran.rests else "  nothing rests on it"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    right = (2, 4)
    return "  " + "  ".join(pad(cell, widths[i], right=i in right) for i, cell in enumerate(cells)).rstrip()


def _rows(ran: Ran, screen: Screen) -> Iterable[tuple[tuple[str, ...], str]]:
    arrow = "→" if screen.unicode else "->"
    left = {id(pair) for pair in _left_out(ran)}
    for pair in ran.pairs:
        if id(pair) in left:
            continue
        before, after = pair.before, pair.after
        name = f"  {figures.slice_name(after)}" if after.slice else clean(after.title)
        yield (
            (
                _words(before, after, screen),
                name,
                figures.compact(before.value, before.unit) or "no value",
                arrow,
                figures.compact(after.value, after.unit) or "no value",
            ),
            figures.style(after) if pair.turned else "",
        )
    for was, now in ran.objectives:
        shares = (figures.percent(one.share_met) if one.share_met is not None else "" for one in (was, now))
        first, second = shares
        yield (
            (_words(was, now, screen), f"objective {clean(now.title)}", first, arrow, second),
            figures.style(now) if was.word != now.word else "",
        )


def _left_out(ran: Ran) -> Iterable[Pair]:
    """The slices beyond the first ten of each KPI."""
    seen: dict[str, int] = {}
    for pair in ran.pairs:
        if pair.after.slice:
            seen[pair.after.kpi] = seen.get(pair.after.kpi, 0) + 1
            if seen[pair.after.kpi] > _MOST:
                yield pair


def _words(before: Verdict | ObjectiveVerdict, after: Verdict | ObjectiveVerdict, screen: Screen) -> str:
    """`■ missed → ● met`, or the word alone where it stays."""
    now = f"{figures.sign(after.light, screen)} {after.word}"
    if before.word == after.word:
        return now
    arrow = "→" if screen.unicode else "->"
    return f"{figures.sign(before.light, screen)} {before.word} {arrow} {now}"


# -- JSON ------------------------------------------------------------------------------------------


def as_data(report: Report, name: str | None) -> dict[str, Any]:
    """Everything, as plain data; numbers are in the units of their names, percents fractions."""
    return {
        "schema_version": SCHEMA_VERSION,
        "project": name,
        "scenarios": [_as_data(ran) for ran in report.ran],
        "diagnostics": [diagnostic(d) for d in report.diagnostics],
    }


def _as_data(ran: Ran) -> dict[str, Any]:
    return {
        "title": ran.scenario.title,
        "as_of": ran.as_of.isoformat(),
        "assumed": [setting.text for setting in ran.scenario.sets],
        "passed": ran.passed,
        "rests": ran.rests,
        "search": _search(ran.search) if ran.search else None,
        "changes": [
            {
                "kpi": pair.after.kpi,
                "title": pair.after.title,
                "before": plain.verdict(pair.before),
                "after": plain.verdict(pair.after),
                "turned": pair.turned,
            }
            for pair in ran.pairs
        ],
        "more": ran.more,
        "note": ran.note,
        "objectives": [
            {"name": now.name, "title": now.title, "before": _rolled(was), "after": _rolled(now)}
            for was, now in ran.objectives
        ],
        "expected": [
            {"text": check.expected.text, "passed": check.passed, "found": check.found}
            for check in ran.checks
        ],
        "problems": [diagnostic(d) for d in ran.problems],
    }


def _search(search: Search) -> dict[str, Any]:
    roots = search.roots
    return {
        "unknown": search.unknown,
        "unit": search.unit,
        "kpi": search.kpi,
        "goal": figure(search.goal),
        "goal_unit": search.goal_unit,
        "window": plain.window(search.window),
        "present": figure(search.present),
        "between": [figure(end) for end in search.between],
        "solutions": [figure(root) for root in roots.roots],
        "everywhere": [figure(end) for end in roots.stretch or ()],
        "least": figure(roots.least),
        "greatest": figure(roots.greatest),
        "chosen": figure(search.chosen),
        "why": search.why,
    }


def _rolled(o: ObjectiveVerdict) -> dict[str, Any]:
    return {"word": o.word, "light": o.light, "why": o.why, "share_met": figure(o.share_met)}


# -- Markdown --------------------------------------------------------------------------------------


def as_markdown(report: Report) -> str:
    """A heading and a table for each scenario."""
    return "\n".join("\n".join(_as_markdown(ran)) + "\n" for ran in report.ran)


def _as_markdown(ran: Ran) -> Iterable[str]:
    yield f"### {marked(ran.scenario.title)}, as of {ran.as_of.isoformat()}"
    yield ""
    yield from (f"* {marked(setting.text)}" for setting in ran.scenario.sets)
    yield from (f"* could not be run: {marked(problem.message)}" for problem in ran.problems)
    if ran.search is not None:
        yield f"* {marked(_sentence(ran.search))}"
    if ran.note is not None:
        yield f"* {marked(ran.note)}"
    for check in ran.checks:
        found = "as expected" if check.passed else f"**not as expected**, found: {marked(check.found)}"
        yield f"* {marked(check.expected.text)}: {found}"
    rows = list(_rows(ran, Screen()))
    if rows:
        yield ""
        yield "| | KPI | before | after |"
        yield "|---|---|--:|--:|"
        for (words, name, before, _, after), _ in rows:
            yield f"| {words} | {marked(name.strip())} | {marked(before)} | {marked(after)} |"

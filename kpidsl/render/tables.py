"""An evaluation as CSV, as a table of GitHub's Markdown, and as a fragment of HTML for notebooks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from html import escape
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from kpidsl.render import figures, promised
from kpidsl.render.cells import clean
from kpidsl.render.choice import ALL, Choice, detailed, for_people, for_programs, history_of
from kpidsl.render.data import figure
from kpidsl.render.scorecard import html_card, markdown_card
from kpidsl.render.sheets import Sheet, sheets

if TYPE_CHECKING:
    from kpidsl.model.periods import Window
    from kpidsl.project import Outcome
    from kpidsl.results import Judged, Light, Point, Verdict

KINDS: dict[str, type] = {
    "kpi": str, "title": str, "scope": str, "slice": str, "window": str, "start": date, "end": date,
    "light": str, "word": str, "value": float, "unit": str, "target": str, "target_low": float,
    "target_high": float, "reference_low": float, "reference_high": float, "tolerance": float,
    "baseline": float, "attainment": float, "gap": float, "projection": float,
    "projection_low": float, "projection_high": float, "projected": str, "deadline": date, "days_left": int,
    "watermark": date, "rows": int,
    "low": float, "high": float, "sample": float, "running": bool, "counts": bool, "final": bool,
    "hash": str, "why": str,
}  # fmt: skip
"""The columns of a flat record, and what each holds where it is not None."""
_EMOJI: dict[Light, str] = {"green": "🟢", "amber": "🟡", "red": "🔴", "grey": "⚪", "none": "▫️"}
_COLORS: dict[Light, str] = {
    "green": "#1a7f37",
    "amber": "#9a6700",
    "red": "#cf222e",
    "grey": "#6e7781",
    "none": "#6e7781",
}


# -- rows ------------------------------------------------------------------------------------------


def records(outcome: Outcome, choice: Choice = ALL) -> Iterator[dict[str, Any]]:
    """A flat record per verdict: of each KPI the headline, its slices, then the other windows (`history`).

    Of more slices than `choice.DETAILED` there is neither sentence nor history, unless that is wished for.
    """
    for judged in outcome.judged:
        for batch in _batches(judged, choice):
            yield from batch if isinstance(batch, list) else _flat(batch)


def _batches(judged: Judged, choice: Choice) -> Iterator[list[dict[str, Any]] | Sheet]:
    """The rows of a KPI, in order: as records, and as sheets where they are many."""
    chosen, window = for_programs(judged, choice), judged.headline.window
    history = [_record(v, "history") for v in judged.history if v.window != window]
    yield [_record(judged.headline, "total")]
    if not detailed(chosen, choice):
        yield from sheets(judged, chosen.which)
        yield history
        return
    which = chosen.which.tolist()
    for n in which:
        yield [_record(judged.slices[n], "slice")]
    yield history
    for n in which:
        yield [_record(v, "history") for v in history_of(judged, n) if v.window != window]


_MADE = ("scope", "slice", "window", "start", "end")
_NUMBERS = tuple(name for name, kind in KINDS.items() if kind is float)
_OTHERS = tuple(name for name in KINDS if name not in (*_MADE, *_NUMBERS))
_EMPTY: dict[str, Any] = dict.fromkeys(KINDS)
_numbers_of, _others_of = attrgetter(*_NUMBERS), attrgetter(*_OTHERS)


def _record(v: Verdict, scope: str) -> dict[str, Any]:
    found = dict(_EMPTY)
    found.update(zip(_OTHERS, _others_of(v), strict=True))
    found.update((n, figure(x)) for n, x in zip(_NUMBERS, _numbers_of(v), strict=True) if x is not None)
    found.update(_days(v.window), scope=scope, slice=_slice_text(v.slice))
    return found


def _slice_text(slice: Iterable[tuple[str, str | None]]) -> str:
    return "; ".join(f"{name}={'' if value is None else value}" for name, value in slice)


def _days(window: Window | None) -> dict[str, Any]:
    if window is None:
        return {"window": None, "start": None, "end": None}
    return {"window": window.label, "start": window.start, "end": window.end}


def _columns(sheet: Sheet) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """A sheet as flat records have it: what all rows have, and what each has."""
    same = sheet.same | _days(sheet.same["window"]) | {"scope": "slice"}
    slices = sheet.each["slice"]
    if len(sheet.dimensions) == 1:
        head = f"{sheet.dimensions[0]}="
        texts = [head + (value or "") for (value,) in slices]
    else:
        texts = [_slice_text(zip(sheet.dimensions, values, strict=True)) for values in slices]
    return same, sheet.each | {"slice": texts}


def _flat(sheet: Sheet) -> Iterator[dict[str, Any]]:
    same, each = _columns(sheet)
    for n in range(sheet.size):
        if n in sheet.special:
            yield _record(sheet.special[n], "slice")
        else:
            yield {name: each[name][n] if name in each else same[name] for name in KINDS}


def _lines(
    sheet: Sheet, write: Callable[[str, Any], str], join: Callable[[Iterable[tuple[str, str]]], str]
) -> Iterator[str]:
    """The rows of a sheet as texts: `write` makes a text of a field, `join` a line of all of them."""
    same, each = _columns(sheet)
    line = join(
        (name, "%s" if name in each else write(name, same[name]).replace("%", "%%")) for name in KINDS
    )
    written = [_texts(name, each[name], write) for name in KINDS if name in each]
    lines = [line % row for row in zip(*written, strict=True)]
    for n, verdict in sheet.special.items():
        record = _record(verdict, "slice")
        lines[n] = join((name, write(name, value)) for name, value in record.items())
    return iter(lines)


def _texts(name: str, values: list[Any], write: Callable[[str, Any], str]) -> list[str]:
    """A column as texts; what is often the same is written once."""
    if KINDS[name] is float:
        nothing = write(name, None)
        return [nothing if value is None else repr(value) for value in values]
    if KINDS[name] is int:
        return list(map(str, values))
    if name == "slice":
        if write is _csv_text and values[0][:1].isalpha() and not _NEEDS_QUOTES("".join(values)):
            return values  # all begin with the name of the dimension
        return [write(name, value) for value in values]
    known = {value: write(name, value) for value in set(values)}
    return [known[value] for value in values]


def _written(
    outcome: Outcome,
    choice: Choice,
    write: Callable[[str, Any], str],
    join: Callable[[Iterable[tuple[str, str]]], str],
) -> Iterator[str]:
    for judged in outcome.judged:
        for batch in _batches(judged, choice):
            if isinstance(batch, list):
                lines = [join((name, write(name, value)) for name, value in one.items()) for one in batch]
                yield "".join(lines)
            else:
                yield "".join(_lines(batch, write, join))


# -- CSV and JSON lines ----------------------------------------------------------------------------


def as_csv(outcome: Outcome, choice: Choice = ALL) -> Iterator[str]:
    """A row per verdict, commas, UTF-8, lines ended by a line feed; what is not there is empty."""
    yield ",".join(KINDS) + "\n"
    yield from _written(outcome, choice, _csv_text, lambda row: ",".join(text for _, text in row) + "\n")


_NEEDS_QUOTES = re.compile(r'[",\r\n]').search


def _csv_text(name: str, value: Any) -> str:
    if value.__class__ is float:
        return repr(value)
    text: str = csv_cell(value)
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES(text) else text


def as_jsonl(outcome: Outcome, choice: Choice = ALL) -> Iterator[str]:
    """A row per verdict, each a JSON object on its own line, with the columns of the CSV; null for what is
    not there."""
    return _written(outcome, choice, _json_text, _json_line)


def _json_line(row: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f'"{name}": {text}' for name, text in row) + "}\n"


def _json_text(name: str, value: Any) -> str:
    if value.__class__ is float:
        return repr(value)
    return json.dumps(str(value) if isinstance(value, date) else value, ensure_ascii=False)


def csv_cell(value: Any) -> str:
    """A cell. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case str():
            return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
        case _:
            return str(value)


# -- Markdown --------------------------------------------------------------------------------------


def as_markdown(outcome: Outcome, choice: Choice = ALL) -> str:
    """A table that GitHub shows, slices under their KPI, then the objectives."""
    name = f"{marked(outcome.name)}, " if outcome.name else ""
    lines = [f"### {name}as of {outcome.as_of.isoformat()}", ""]
    if promises := promised.promises(outcome):
        lines += ["| | source | promise | found |", "|---|---|---|---|"]
        lines += [
            f"| {_light(promised.LIGHT[one.word], one.word)} | {marked(name)} | {marked(one.text)} "
            f"| {marked(one.told or '')} |"
            for name, one in promises
        ]
        lines.append("")
    lines += ["| | KPI | value | target | attained | why |", "|---|---|--:|---|--:|---|"]
    for judged in outcome.judged:
        chosen = for_people(judged, choice)
        for v in (judged.headline, *(judged.slices[n] for n in chosen.which.tolist())):
            lines.append(f"| {' | '.join(_markdown_cells(v))} |")
        if chosen.rest:
            lines.append(f"| | &emsp;and {chosen.left_out} | | | | |")
    if outcome.objectives:
        lines += ["", "| | objective | why |", "|---|---|---|"]
        lines += [
            f"| {_light(o.light, o.word)} | {marked(o.title)} | {marked(o.why)} |" for o in outcome.objectives
        ]
        for objective in outcome.objectives:
            lines += markdown_card(objective, _light, marked)
    return "\n".join(lines) + "\n"


def _light(light: Light, word: str) -> str:
    """They stay on one line."""
    return f"{_EMOJI[light]}&nbsp;{word.replace(' ', '&nbsp;')}"


def _markdown_cells(v: Verdict) -> list[str]:
    name = f"&emsp;{marked(figures.slice_name(v))}" if v.slice else f"**{marked(v.title)}**"
    return [
        _light(v.light, v.word),
        name,
        marked(figures.amount(v.value, v.unit)),
        marked(figures.target(v)),
        figures.percent(v.attainment),
        marked(v.why),
    ]


def marked(text: str) -> str:
    """The text as Markdown that shows just that: no markup, no HTML, no mentions, one line."""
    shown = re.sub(r"([\\`*_{}\[\]#|~])", r"\\\1", clean(text))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")


# -- HTML ------------------------------------------------------------------------------------------


def as_html(outcome: Outcome, choice: Choice = ALL) -> str:
    """A fragment without scripts or outside resources, for a notebook."""
    head = "".join(
        f'<th style="text-align:{side}">{title}</th>'
        for title, side in (
            ("", "left"), ("KPI", "left"), ("value", "right"), ("target", "left"), ("attained", "right"),
            ("trend", "left"), ("why", "left"),
        )
    )  # fmt: skip
    rows = []
    for judged in outcome.judged:
        chosen = for_people(judged, choice)
        trends = figures.trends(judged, chosen.which)
        rows.append(_html_row(judged.headline, trends[0]))
        for n, trend in zip(chosen.which.tolist(), trends[1:], strict=True):
            rows.append(_html_row(judged.slices[n], trend))
        if chosen.rest:
            left = f'<td></td><td colspan="6" style="padding-left:2em">and {chosen.left_out}</td>'
            rows.append(f"<tr>{left}</tr>")
    name = f"{escape(clean(outcome.name))}, " if outcome.name else ""
    caption = f"<caption>{name}as of {outcome.as_of.isoformat()}</caption>"
    above = promised.as_html(promised.promises(outcome), _COLORS)
    kpis = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>\n"
    return above + kpis + "".join(html_card(objective, _COLORS) for objective in outcome.objectives)


def _html_row(v: Verdict, history: Sequence[Point]) -> str:
    light = f'<span style="color:{_COLORS[v.light]}">{figures.SIGNS[v.light]} {v.word}</span>'
    name = escape(figures.slice_name(v)) if v.slice else f"<b>{escape(clean(v.title))}</b>"
    bars = "".join(
        f'<span style="color:{_COLORS[light_of]}">{bar}</span>' for bar, light_of in figures.bars(history)
    )
    indent = ";padding-left:2em" if v.slice else ""
    cells = (
        (light, "left;white-space:nowrap"),
        (name, f"left{indent}"),
        (escape(figures.amount(v.value, v.unit)), "right"),
        (escape(figures.target(v)), "left"),
        (figures.percent(v.attainment), "right"),
        (bars, "left"),
        (escape(clean(v.why)), "left"),
    )
    row = "".join(f'<td style="text-align:{style}">{cell}</td>' for cell, style in cells)
    return f"<tr>{row}</tr>"

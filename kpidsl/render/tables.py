"""An evaluation as CSV, as a table of GitHub's Markdown, and as a fragment of HTML for notebooks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from kpidsl.render import figures
from kpidsl.render.cells import clean
from kpidsl.render.data import figure

if TYPE_CHECKING:
    from kpidsl.project import Outcome
    from kpidsl.results import Light, Verdict

KINDS: dict[str, type] = {
    "kpi": str, "title": str, "scope": str, "slice": str, "window": str, "start": date, "end": date,
    "light": str, "word": str, "value": float, "unit": str, "target": str, "target_low": float,
    "target_high": float, "reference_low": float, "reference_high": float, "tolerance": float,
    "baseline": float, "attainment": float, "gap": float, "projection": float, "deadline": date,
    "days_left": int, "watermark": date, "rows": int, "running": bool, "counts": bool, "final": bool,
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


def records(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """A flat record per verdict: of each KPI the headline, its slices, then the other windows (`history`)."""
    for judged in outcome.judged:
        yield _record(judged.headline, "total")
        yield from (_record(v, "slice") for v in judged.slices)
        yield from (_record(v, "history") for v in judged.history if v.window != judged.headline.window)
        for key, history in judged.slice_history:
            shown = next((v.window for v in judged.slices if tuple(x for _, x in v.slice) == key), None)
            yield from (_record(v, "history") for v in history if v.window != shown)


def _record(v: Verdict, scope: str) -> dict[str, Any]:
    window = v.window
    given: dict[str, Any] = {
        "scope": scope,
        "slice": "; ".join(f"{name}={'' if value is None else value}" for name, value in v.slice),
        "window": window.label if window else None,
        "start": window.start if window else None,
        "end": window.end if window else None,
    }
    found = {name: given[name] if name in given else getattr(v, name) for name in KINDS}
    return {name: figure(value) if KINDS[name] is float else value for name, value in found.items()}


# -- CSV -------------------------------------------------------------------------------------------


def as_csv(outcome: Outcome) -> str:
    """A row per verdict, commas, UTF-8, lines ended by a line feed; what is not there is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(KINDS)
    for record in records(outcome):
        writer.writerow([csv_cell(value) for value in record.values()])
    return stream.getvalue()


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


def as_markdown(outcome: Outcome) -> str:
    """A table that GitHub shows, slices under their KPI, then the objectives."""
    name = f"{_marked(outcome.name)}, " if outcome.name else ""
    lines = [f"### {name}as of {outcome.as_of.isoformat()}", ""]
    stale = [profile.stale for profile in outcome.profiles.values() if profile.stale]
    lines += [f"> {_marked(text)}  " for text in stale] + [""] * bool(stale)
    lines += ["| | KPI | value | target | attained | why |", "|---|---|--:|---|--:|---|"]
    for judged in outcome.judged:
        for v in (judged.headline, *figures.shown(judged)):
            lines.append(f"| {' | '.join(_markdown_cells(v))} |")
    if outcome.objectives:
        lines += ["", "| | objective | why |", "|---|---|---|"]
        lines += [
            f"| {_light(o.light, o.word)} | {_marked(o.title)} | {_marked(o.why)} |"
            for o in outcome.objectives
        ]
    return "\n".join(lines) + "\n"


def _light(light: Light, word: str) -> str:
    """They stay on one line."""
    return f"{_EMOJI[light]}&nbsp;{word.replace(' ', '&nbsp;')}"


def _markdown_cells(v: Verdict) -> list[str]:
    name = f"&emsp;{_marked(figures.slice_name(v))}" if v.slice else f"**{_marked(v.title)}**"
    return [
        _light(v.light, v.word),
        name,
        _marked(figures.amount(v.value, v.unit)),
        _marked(figures.target(v)),
        figures.percent(v.attainment),
        _marked(v.why),
    ]


def _marked(text: str) -> str:
    """The text as Markdown that shows just that: no markup, no HTML, no mentions, one line."""
    shown = re.sub(r"([\\`*_{}\[\]#|~])", r"\\\1", clean(text))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")


# -- HTML ------------------------------------------------------------------------------------------


def as_html(outcome: Outcome) -> str:
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
        histories = dict(judged.slice_history)
        rows.append(_html_row(judged.headline, judged.history))
        for v in figures.shown(judged):
            rows.append(_html_row(v, histories.get(tuple(x for _, x in v.slice), ())))
    name = f"{escape(clean(outcome.name))}, " if outcome.name else ""
    caption = f"<caption>{name}as of {outcome.as_of.isoformat()}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>\n"


def _html_row(v: Verdict, history: tuple[Verdict, ...]) -> str:
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

"""Why a number moved, for programs and pages: JSON, CSV, Markdown and HTML."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from kpidsl.render import change as text
from kpidsl.render import data
from kpidsl.render.cells import clean
from kpidsl.render.data import figure
from kpidsl.render.tables import csv_cell, marked

if TYPE_CHECKING:
    from kpidsl.change import Change, SliceChanges
    from kpidsl.model.periods import Window

COLUMNS = (
    "kpi", "scope", "name", "depth", "unit", "before", "after", "share_before", "share_after", "rate", "mix",
    "effect",
)  # fmt: skip
"""Of the CSV. `scope` is `total`, `factor` or `slice`."""


def as_data(change: Change, top: int | None = None) -> dict[str, Any]:
    """The change as plain data. Numbers are in the unit of what they are of, percents are fractions."""
    kpi = change.kpi
    first, last = change.windows
    return {
        "schema_version": data.SCHEMA_VERSION,
        "kpi": kpi.name,
        "title": kpi.label,
        "formula": kpi.text,
        "unit": str(kpi.unit),
        "hash": kpi.hash or None,
        "as_of": change.as_of.isoformat(),
        "before": _end(first, change.before),
        "after": _end(last, change.after),
        "change": figure(change.after - change.before),
        "sentence": text.sentence(change),
        "factors": list(_factors(change)),
        "dimensions": list(change.slices.dimensions) if change.slices is not None else [],
        "slices": list(_slices(change.slices, top)) if change.slices is not None else [],
        "rest": figure(change.slices.rest) if change.slices is not None else None,
        "notes": list(change.notes),
        "diagnostics": [data.diagnostic(d) for d in change.diagnostics],
    }


def _end(window: Window, value: float) -> dict[str, Any]:
    return {
        "label": window.label,
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "value": figure(value),
    }


def _factors(change: Change) -> Iterator[dict[str, Any]]:
    """The parts from the outermost on; the effects of one depth below a part add up to its own."""
    wording = text.Wording(change)
    for part, depth in change.tree.walk(-1):
        if depth >= 0:
            yield {
                "name": "rounding" if part.method == "rounding" else wording.name(part.node),
                "depth": depth,
                "unit": str(part.node.unit),
                "before": figure(part.before),
                "after": figure(part.after),
                "effect": figure(part.effect),
                "split": part.method if part.parts else None,
            }


def _slices(slices: SliceChanges, top: int | None) -> Iterator[dict[str, Any]]:
    ratio = slices.ratio
    for n in slices.order()[:top]:
        yield {
            "slice": dict(zip(slices.dimensions, slices.keys[n], strict=True)),
            "before": figure(float(slices.before[n])),
            "after": figure(float(slices.after[n])),
            "share_before": None if ratio is None else figure(float(ratio.share_before[n])),
            "share_after": None if ratio is None else figure(float(ratio.share_after[n])),
            "rate": None if ratio is None else figure(float(ratio.rate[n])),
            "mix": None if ratio is None else figure(float(ratio.mix[n])),
            "effect": None if slices.effect is None else figure(float(slices.effect[n])),
        }


def as_csv(change: Change, top: int | None = None) -> str:
    """A row for the whole, for each factor and for each slice."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    found = as_data(change, top)
    total = {"scope": "total", "name": found["title"], "depth": 0, "effect": found["change"]}
    ends = {name: found[name]["value"] for name in ("before", "after")}
    rows = [{**total, **ends, "unit": found["unit"]}]
    rows += [{"scope": "factor", **factor} for factor in found["factors"]]
    for one in found["slices"]:
        name = "; ".join(f"{d}={v if v is not None else ''}" for d, v in one["slice"].items())
        rows.append({"scope": "slice", **one, "name": name, "depth": 0, "unit": found["unit"]})
    for row in rows:
        row["kpi"] = found["kpi"]
        writer.writerow({name: csv_cell(row[name]) for name in COLUMNS if name in row})
    return stream.getvalue()


def _tables(change: Change, top: int | None) -> list[text.Table]:
    """The factors, and the slices, where there are some."""
    found = [text.factors(change)] if change.tree.parts else []
    if change.slices is not None and len(change.slices.keys):
        found.append(text.by_slice(change, change.slices, top))
    return found


def as_markdown(change: Change, top: int | None = text.SHOWN) -> str:
    """The sentence and the tables as GitHub shows them."""
    first, last = (window.label for window in change.windows)
    lines = [f"### {marked(change.kpi.label)}, {first} to {last}", "", marked(text.sentence(change))]
    for table in _tables(change, top):
        lines += ["", f"| {' | '.join(map(marked, table.heads))} |"]
        lines.append(f"|---|{'--:|' * (len(table.heads) - 1)}")
        for row in table.rows:
            name = row.cells[0]
            depth = (len(name) - len(name.lstrip())) // 2
            cells = ["&emsp;" * depth + marked(name.strip()), *map(marked, row.cells[1:])]
            lines.append(f"| {' | '.join(f'**{c}**' if row.total and c else c for c in cells)} |")
    lines += [""] * bool(change.notes) + [f"> {marked(note.replace('`', ''))}  " for note in change.notes]
    return "\n".join(lines) + "\n"


# -- HTML ------------------------------------------------------------------------------------------

_SIDE = 5.0
"""Room for a bar to each side of the middle, in em."""
_WANTED = {1: "#1a7f37", -1: "#cf222e", 0: "#0969da"}
"""The color of an effect that is wanted, one that is not, and one of which nobody said."""


def as_html(change: Change, top: int | None = text.SHOWN) -> str:
    """The sentence and the tables as a fragment without scripts or outside resources, for a notebook."""
    found = [f"<p>{escape(text.sentence(change))}</p>\n"]
    found += [_html_table(table, change) for table in _tables(change, top)]
    notes = "".join(f"<li>{escape(clean(note.replace('`', '')))}</li>" for note in change.notes)
    return "".join(found) + (f"<ul>{notes}</ul>\n" if notes else "")


def _html_table(table: text.Table, change: Change) -> str:
    """Numbers to the right, and behind them a bar for each effect: to the left what made it less."""
    heads = [_cell("th", escape(head), "right" if n else "left") for n, head in enumerate(table.heads)]
    most = max((abs(row.effect) for row in table.rows if math.isfinite(row.effect)), default=0.0)
    lines = []
    for row in table.rows:
        name = row.cells[0]
        depth = (len(name) - len(name.lstrip())) // 2
        shown = [f"<b>{escape(cell)}</b>" if row.total and cell else escape(cell) for cell in row.cells]
        cells = [_cell("td", shown[0].strip(), f"left;padding-left:{0.5 + 1.5 * depth:g}em")]
        cells += [_cell("td", cell, "right") for cell in shown[1:]]
        bar = _html_bar(row.effect / most, change.wanted) if most and math.isfinite(row.effect) else ""
        lines.append(f"<tr>{''.join(cells)}{_cell('td', bar, 'left')}</tr>")
    head = f"<thead><tr>{''.join(heads)}{_cell('th', '', 'left')}</tr></thead>"
    return f"<table>{head}<tbody>{''.join(lines)}</tbody></table>\n"


def _cell(tag: str, inside: str, style: str) -> str:
    return f'<{tag} style="text-align:{style}">{inside}</{tag}>'


def _html_bar(effect: float, wanted: int) -> str:
    """Of an effect as a part of the largest one."""
    color = _WANTED[wanted if effect > 0 else -wanted]
    length = f"height:0.8em;width:{abs(effect) * _SIDE:.2f}em"
    full = f'<span style="display:inline-block;{length};background:{color}"></span>'
    less, more = (full, "") if effect < 0 else ("", full)
    side = f"display:inline-block;width:{_SIDE:g}em"
    return (
        f'<span style="{side};text-align:right;border-right:1px solid #6e7781">{less}</span>'
        f'<span style="{side}">{more}</span>'
    )

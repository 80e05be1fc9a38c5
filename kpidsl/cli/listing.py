"""`kpi list`: the KPIs and what they promise, without looking at any data."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import click

from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, unreadable
from kpidsl.cli.outputs import outputs, put
from kpidsl.diagnostics import Severity

if TYPE_CHECKING:
    from kpidsl.graph import Graph, Kpi
    from kpidsl.render.cells import Screen
    from kpidsl.render.words import Leaf

_COLUMNS = ("name", "title", "target", "deadline", "owner", "stage")


@click.command("list", short_help="List the KPIs and what they promise.")
@paths_argument
@click.option(
    "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="text, json or csv; repeatable."
)
@common
def command(
    paths: tuple[str, ...], formats: tuple[str, ...], color: bool | None, verbose: bool, quiet: bool
) -> int:
    """List the KPIs with target, deadline, owner and stage. Ends in 2 if one of them has an error."""
    screens = console(color)
    targets = outputs(formats, ("text", "json", "csv"))
    specs = load(paths)
    errors = [
        d for d in wanted(specs.diagnostics, quiet=quiet, verbose=verbose) if d.severity is Severity.ERROR
    ]
    screens.report(errors)
    rows = _rows(specs.graph)
    renderers = {
        "text": lambda screen: _text(rows, screen),
        "json": lambda _: _json(rows),
        "csv": lambda _: _csv(rows),
    }
    written = put(targets, renderers, screens)
    return 2 if errors or not written or unreadable(specs.diagnostics) else 0


def _rows(graph: Graph) -> list[dict[str, Any]]:
    from kpidsl.render import words

    leaf = words.names({name: measure.node for name, measure in graph.measures.items()})
    return [_row(kpi, leaf) for kpi in graph.kpis.values()]


def _row(kpi: Kpi, leaf: Leaf) -> dict[str, Any]:
    from kpidsl.render import words

    promise = kpi.promise
    return {
        "name": kpi.name,
        "title": kpi.title,
        "target": words.bound(promise.bound, kpi.unit, leaf) if promise.bound else None,
        "deadline": promise.deadline.isoformat() if promise.deadline else None,
        "owner": kpi.about.owner,
        "stage": kpi.about.stage,
        "draft": kpi.about.draft,
        "formula": kpi.text,
        "unit": str(kpi.unit),
    }


def _text(rows: list[dict[str, Any]], screen: Screen) -> str:
    """The columns side by side; the last ones are left out where there is no room for them."""
    from kpidsl.render.cells import clean, clip, pad, width

    if not rows:
        return ""
    cells = [[clean(str(row[name] or "")) for name in _COLUMNS] for row in rows]
    widths = [max(width(c) for c in [head, *column]) for head, *column in zip(_COLUMNS, *cells, strict=True)]
    shown = len(_COLUMNS)
    while shown > 2 and _others(widths, shown) + min(widths[1], 24) > screen.width:
        shown -= 1
    widths[1] = min(widths[1], max(10, screen.width - _others(widths, shown)))
    lines = [
        screen.paint(
            "  ".join(pad(h, w) for h, w in zip(_COLUMNS[:shown], widths, strict=False)).rstrip(), "dim"
        )
    ]
    for row in cells:
        padded = [pad(clip(c, w), w) for c, w in zip(row[:shown], widths, strict=False)]
        padded[0] = screen.paint(padded[0], "bold")
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines) + "\n"


def _others(widths: list[int], shown: int) -> int:
    """What the columns beside the title take, with the gaps before each."""
    return sum(widths[:shown]) - widths[1] + 2 * (shown - 1)


def _json(rows: list[dict[str, Any]]) -> str:
    from kpidsl.render import data

    return data.as_json({"schema_version": data.SCHEMA_VERSION, "kpis": rows})


def _csv(rows: list[dict[str, Any]]) -> str:
    from kpidsl.render.tables import csv_cell

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([csv_cell(row[name]) for name in _COLUMNS] for row in rows)
    return stream.getvalue()

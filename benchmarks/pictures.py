"""Growth curves from the figures that are kept, as SVG that reads on white and on black."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmarks import results
from benchmarks.data import Missing
from benchmarks.results import HERE, Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

FOLDER = HERE / "pictures"
INK = "#7d8590"
SIDES = {
    "planner": ("kpidsl", "#2f81f7", "-", 2.6),
    "case": ("one query, CASE", "#e8710a", "-", 1.6),
    "filter": ("one query, FILTER", "#d6409f", "-", 1.6),
    "each": ("a query per KPI", "#2da44e", "-", 1.6),
    "group": ("floor: read and group", INK, "--", 1.2),
    "read": ("floor: read", INK, ":", 1.2),
}
"""Words, colour, line, width."""
WORKLOADS = ("dims", "full", "distinct")


def draw() -> None:
    """All pictures for which there are at least two points."""
    figures, _ = results.load()
    measured = [f for f in figures if f.suite == "table" and f.seconds is not None]
    events = [f for f in measured if f.workload != "slices"]
    rows = max((f.rows for f in events if _spread(events, f.rows)), default=None)
    chosen = 10_000_000 if _spread(events, 10_000_000) else rows
    by_kpis = [f for f in events if f.rows == chosen]
    by_rows = [f for f in events if f.kpis == 200 and not f.of]
    most = max((f.rows for f in measured if f.workload == "slices"), default=0)
    by_slices = [f for f in measured if f.workload == "slices" and f.rows == most]
    _picture("kpis", by_kpis, WORKLOADS, "KPIs", lambda f: f.of or f.kpis)
    _picture("rows", by_rows, WORKLOADS, "rows", lambda f: f.rows)
    _picture("slices", by_slices, ("slices",), "slices", lambda f: f.slices)


def _spread(figures: Sequence[Figure], rows: int) -> bool:
    return len({f.kpis for f in figures if f.rows == rows}) > 1


def _picture(
    name: str, figures: Sequence[Figure], workloads: Sequence[str], label: str, x: Callable[[Figure], int]
) -> None:
    """Seconds above, memory below, a column for each workload."""
    there = [w for w in workloads if len({x(f) for f in figures if f.workload == w}) > 1]
    if not there:
        return
    try:
        import matplotlib
    except ImportError:
        raise Missing("matplotlib is not installed: pip install '.[bench]'") from None
    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams.update({"svg.hashsalt": name, "font.size": 9, "font.family": "DejaVu Sans"})
    drawing, axes = plt.subplots(
        2, len(there), figsize=(1.6 + 3.4 * len(there), 6), sharex=True, sharey="row", squeeze=False
    )
    for column, workload in enumerate(there):
        some = [f for f in figures if f.workload == workload]
        for row, value in enumerate((lambda f: f.seconds, lambda f: f.megabytes)):
            _lines(axes[row][column], some, x, value)
        fixed = f"{some[0].rows // 1_000_000} M rows" if label != "rows" else "200 KPIs"
        title = f"{workload}, {fixed}" if workload != "slices" else f"20 KPIs by month and page, {fixed}"
        axes[0][column].set_title(title, color=INK)
        axes[1][column].set_xlabel(label, color=INK)
    axes[0][0].set_ylabel("seconds", color=INK)
    axes[1][0].set_ylabel("peak memory, MB", color=INK)
    _legend(drawing, axes[0][0] if len(there) == 1 else max(axes[0], key=lambda a: len(a.lines)))
    FOLDER.mkdir(exist_ok=True)
    drawing.savefig(FOLDER / f"{name}.svg", transparent=True, metadata={"Date": None})
    plt.close(drawing)


def _lines(
    axes: Axes, figures: Sequence[Figure], x: Callable[[Figure], int], y: Callable[[Figure], float | None]
) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for side, (words, colour, line, width) in SIDES.items():
        points = sorted((x(f), y(f)) for f in figures if f.side == side and y(f) is not None)
        if points:
            axes.plot(
                *zip(*points, strict=True),
                line,
                color=colour,
                linewidth=width,
                marker="o",
                markersize=3.5,
                label=words,
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
        axis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 3)))
    axes.xaxis.set_ticks(sorted({x(f) for f in figures}))
    axes.xaxis.minorticks_off()
    axes.yaxis.minorticks_off()
    axes.grid(True, color=INK, alpha=0.25, linewidth=0.6)
    axes.tick_params(colors=INK)
    for spine in axes.spines.values():
        spine.set_color(INK)


def _legend(drawing: Drawing, axes: Axes) -> None:
    handles, words = axes.get_legend_handles_labels()
    drawing.tight_layout(rect=(0, 0.1, 1, 1))
    drawing.legend(handles, words, loc="lower center", ncols=3, frameon=False, labelcolor=INK)


def _short(value: float) -> str:
    for size, sign in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"

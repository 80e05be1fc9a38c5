"""Figures for people: a few lines while measuring, and RESULTS.md of all that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks import results
from benchmarks.goals import goals
from benchmarks.results import HERE, Figure

FILE = HERE / "RESULTS.md"
SIDES = {
    "planner": "**kpidsl**",
    "case": "one query, `CASE` in each aggregate",
    "filter": "one query, `FILTER` on each aggregate",
    "each": "one query per KPI",
    "group": "floor: read and group, four plain sums",
    "read": "floor: read the used columns",
}
HOW = (
    "Written by `python -m benchmarks report`; [README](README.md) says how it is measured. Absolute times"
    " are this machine's, the ratios are what counts. Medians; the sides of a case ran in turn, each in a"
    " process of its own, and their values agree to 1e-9. Memory is the peak of a side's process."
    " *For 200* is a side that would have taken too long, and was asked for no more than 200 of the KPIs."
)
WORKLOADS = {
    "dims": "filters on channel and campaign",
    "full": "also on pages and revenues",
    "distinct": "as full, a fifth counts distinct users or sessions",
}


def show(figures: Sequence[Figure]) -> None:
    """One line a side, with its ratio to the first."""
    first = figures[0]
    rows = f", {first.rows:,} rows" if first.rows else ""
    slices = f", {first.slices:,} slices" if first.slices else ""
    print(f"-- {first.workload}{rows}, {first.kpis} KPIs{slices}" if first.workload else "--", flush=True)
    for figure in figures:
        if figure.seconds is None:
            print(f"   {figure.side:28} {figure.note}", flush=True)
            continue
        same = first.seconds and not figure.of and first.suite != "commands"
        ratio = f"{figure.seconds / first.seconds:8.2f} x" if same and first.seconds else " " * 10
        memory = f"{figure.megabytes:8,.0f} MB" if figure.megabytes else " " * 11
        of = f"  for {figure.of} KPIs" if figure.of else ""
        note = f"  {figure.note}" if figure.note else ""
        print(
            f"   {figure.side:28}{figure.seconds:8.3f} s{ratio}{memory}  {figure.runs} runs{of}{note}",
            flush=True,
        )


def write() -> None:
    """RESULTS.md, from what is kept."""
    figures, about = results.load()
    parts = [_head(figures, about), _reached(figures), *_tables(figures), _pictures(), _slices(figures)]
    parts += [_promises(figures), _peers(figures, about), _tpch(figures), _commands(figures)]
    FILE.write_text("\n".join(part for part in parts if part), "utf-8")


def _head(figures: Iterable[Figure], about: dict[str, dict[str, str]]) -> str:
    days = sorted({figure.measured for figure in figures})
    commits = sorted({figure.commit for figure in figures})
    machine = about.get("machine", {})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}" if days else "never"
    hardware = [f"{machine.get('cores')} cores of {machine.get('processor')}"]
    hardware += [machine.get("memory", ""), machine.get("system", "")]
    versions = ", ".join(f"{name} {machine.get(name)}" for name in ("python", "duckdb", "numpy", "sqlglot"))
    return "\n".join(
        [
            "# Results",
            "",
            HOW,
            "",
            "| | |",
            "|---|---|",
            f"| measured | {span}, commit {', '.join(commits)} |",
            f"| machine | {', '.join(hardware)} |",
            f"| versions | {versions} |",
            *_busy(figures, int(machine.get("cores", 1))),
            "",
        ]
    )


def _busy(figures: Iterable[Figure], cores: int) -> list[str]:
    """A line where something else ran beside the benchmarks, which by themselves keep every core busy."""
    most = max((figure.load for figure in figures), default=0)
    if most <= 2 * cores:
        return []
    return [f"| **disturbed** | other work ran beside, load up to {most:.1f}: times too long, ratios rough |"]


def _reached(figures: list[Figure]) -> str:
    lines = [
        f"| {goal.what} | {goal.reach} | {goal.measured or 'not measured'} | {goal.word} |"
        for goal in goals(figures)
    ]
    return "\n".join(
        ["## What was to be reached", "", "| what | reach | measured | |", "|---|---|---|---|", *lines, ""]
    )


def _tables(figures: list[Figure]) -> Iterable[str]:
    """One table for so many rows and a workload: sides down, KPIs across."""
    chosen = [f for f in figures if f.suite == "table" and f.workload != "slices"]
    for rows in sorted({f.rows for f in chosen}):
        yield f"## {_count(rows)} rows, by month and 8 channels\n"
        for workload, meaning in WORKLOADS.items():
            some = [f for f in chosen if f.rows == rows and f.workload == workload]
            if some:
                yield _grid(f"{workload}: {meaning}", some)


def _grid(title: str, figures: list[Figure]) -> str:
    counts = sorted({f.kpis for f in figures})
    found = {(f.side, f.kpis): f for f in figures}
    head = [
        f"| {title} | " + " | ".join(f"{count} KPIs" for count in counts) + " |",
        "|---|" + "--:|" * len(counts),
    ]
    lines = [
        f"| {words} | " + " | ".join(_cell(found.get((side, count))) for count in counts) + " |"
        for side, words in SIDES.items()
    ]
    return "\n".join([*head, *lines, ""])


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    if figure.seconds is None:
        return figure.note
    of = f" for {figure.of}" if figure.of else ""
    return f"{_seconds(figure.seconds)}{of}, {_memory(figure.megabytes)}"


def _pictures() -> str:
    named = ("kpis", "rows", "slices")
    there = [name for name in named if (HERE / "pictures" / f"{name}.svg").exists()]
    return "\n".join(["## Growth", "", *(f"![by {name}](pictures/{name}.svg)\n" for name in there)])


def _slices(figures: list[Figure]) -> str:
    some = [f for f in figures if f.workload == "slices"]
    if not some:
        return ""
    rows = max(f.rows for f in some)
    found = {(f.side, f.slices): f for f in some if f.rows == rows}
    counts = sorted({f.slices for f in some if f.rows == rows})
    sides = [side for side in SIDES if any(key[0] == side for key in found)]
    head = [
        f"| 20 KPIs by month and page, {_count(rows)} rows | "
        + " | ".join(f"{n:,} pages" for n in counts)
        + " |"
    ]
    lines = [f"| {SIDES[s]} | " + " | ".join(_cell(found.get((s, n))) for n in counts) + " |" for s in sides]
    return "\n".join([*head, "|---|" + "--:|" * len(counts), *lines, ""])


def _peers(figures: list[Figure], about: dict[str, dict[str, str]]) -> str:
    """Whole processes; the values of all are equal."""
    some = [f for f in figures if f.suite in ("peers", "validate")]
    if not some:
        return ""
    columns = sorted({(f.suite, f.rows, f.kpis) for f in some})
    found = {(f.suite, f.rows, f.kpis, f.side): f for f in some}
    heads = [
        f"{k} KPIs, {_count(r)} rows" if suite == "peers" else f"{k} checked, no data"
        for suite, r, k in columns
    ]
    sides = list(dict.fromkeys(f.side for f in sorted(some, key=lambda f: f.side != "kpidsl")))
    lines = [f"| {s} | " + " | ".join(_cell(found.get((*c, s))) for c in columns) + " |" for s in sides]
    remarks = {f.side: f.note for f in some if f.note and f.seconds is not None}
    told = [f"{name}: {note}." for name, note in remarks.items()]
    versions = [f"{name}: {text}." for name, text in about.get("peers", {}).items()]
    return "\n".join(
        [
            "## Other tools, whole processes, by month and channel",
            "",
            "| | " + " | ".join(heads) + " |",
            "|---|" + "--:|" * len(columns),
            *lines,
            "",
            " ".join([*told, *versions]),
            "",
        ]
    )


def _tpch(figures: list[Figure]) -> str:
    some = [f for f in figures if f.suite == "tpch"]
    if not some:
        return ""
    found = {(f.workload, f.side): f for f in some}
    questions = sorted({f.workload for f in some}, key=lambda name: int(name[1:]))
    sides = ("kpidsl", "official SQL")
    head = ["| | " + " | ".join(questions) + " |", "|---|" + "--:|" * len(questions)]
    lines = [f"| {s} | " + " | ".join(_cell(found.get((q, s))) for q in questions) + " |" for s in sides]
    said = (
        "The values are those published, and those of the SQL to 1e-9. kpidsl also reads the spec and judges."
    )
    return "\n".join(["## TPC-H, scale factor 1", "", said, "", *head, *lines, ""])


def _promises(figures: list[Figure]) -> str:
    """Whole processes, a line for each kind of promises."""
    some = [f for f in figures if f.suite == "promises"]
    lines = [
        f"| {f.kpis} KPIs, {_count(f.rows)} rows, {f.side} | {_seconds(f.seconds)} | {_memory(f.megabytes)} |"
        for f in some
    ]
    head = ["## Promises, whole processes, by channel", "", "| | | |", "|---|--:|--:|"]
    return "\n".join([*head, *lines, ""]) if some else ""


def _commands(figures: list[Figure]) -> str:
    some = [f for f in figures if f.suite == "commands"]
    lines = [f"| {f.side} | {_seconds(f.seconds)} | {_memory(f.megabytes)} |" for f in some]
    return "\n".join(["## Commands", "", "| | | |", "|---|--:|--:|", *lines, ""]) if some else ""


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"


def _memory(megabytes: float | None) -> str:
    if megabytes is None:
        return ""
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def _count(rows: int) -> str:
    return f"{rows // 1_000_000} M" if rows % 1_000_000 == 0 else f"{rows:,}"

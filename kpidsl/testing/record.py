"""A test made of rows of the data: a few for each way that the conditions of a KPI turn out, with values that
tell nothing of anybody."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from kpidsl import project
from kpidsl.diagnostics import Diagnostic, Source
from kpidsl.graph import Expectation, Given, Graph, Kpi, Test, aggregates, rows_of
from kpidsl.model.periods import Window
from kpidsl.model.rows import ColumnRef, Row, columns_of, gathers_of, read_by
from kpidsl.model.sources import Grouped
from kpidsl.needed import needed
from kpidsl.project import Wish
from kpidsl.results import Ask, Verdict
from kpidsl.specs import Specs
from kpidsl.split import nodes_of
from kpidsl.testing.anonymous import anonymous
from kpidsl.testing.check import literal
from kpidsl.testing.conditions import conditions
from kpidsl.testing.hear import Job, Question, hear

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kpidsl.evaluate.watch import Watch
    from kpidsl.project import Outcome


def record(specs: Specs, name: str, wish: Wish, watch: Watch) -> str | tuple[Diagnostic, ...]:
    """The text of a test of a KPI; or why there is none."""
    from kpidsl.evaluate.engine import EngineError
    from kpidsl.evaluate.faults import failure
    from kpidsl.evaluate.pick import pick

    if name in specs.broken:
        return (specs.broken[name],)
    kpi = specs.graph.kpis[name].in_total
    whole = specs.with_graph(evolve(specs.graph, kpis={**specs.graph.kpis, name: kpi}))
    outcome = project.evaluate(whole, evolve(wish, kpis=(name,)), watch)
    headline = outcome.judged[0].headline
    if headline.window is None or headline.value is None:
        return (_nothing(kpi, headline),)
    graph = needed(specs.graph, [kpi], wish.data)
    asked = _by_source(kpi, graph)
    with project.reading(specs, graph, wish, watch) as session:
        try:
            windows = _windows(kpi, headline.window, outcome)
            picked = pick(graph, session, wish.as_of, windows, asked, _read(kpi, graph))
        except EngineError as error:
            spec = next(iter(graph.sources.values()))
            return (error.told or failure(error, spec),)
    test = _test(kpi, headline.window, wish, anonymous(picked, kpi, graph))
    question = Question(kpi, test.expected[0].window)
    (heard,), _ = hear(specs, [Job(test, (question,))], watch, wish.limits)
    return _written(test, heard.judged[question].headline)


def _nothing(kpi: Kpi, headline: Verdict) -> Diagnostic:
    return Diagnostic(
        "K651",
        f"`{kpi.name}` has no value that a test could be made of",
        kpi.span,
        notes=(headline.why,),
        help="`--as-of` says another day" if headline.word != "failed" else None,
        kpi=kpi.name,
    )


def _by_source(kpi: Kpi, graph: Graph) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for one in conditions(kpi):
        if one.source in graph.sources:
            found.setdefault(one.source, []).append(one.row)
    return found


def _windows(kpi: Kpi, window: Window, outcome: Outcome) -> dict[str, list[Window]]:
    """Where each source is looked at for the headline, with its baseline."""
    from kpidsl.evaluate.plan import looks, read_over

    schedule = outcome.schedules[kpi.name]
    slot = schedule.slots[schedule.headline]
    windows = [window, *([slot.baseline] if slot.baseline is not None else [])]
    found: dict[str, dict[Window, None]] = {}
    ask = Ask(kpi.formula, tuple(windows), (), kpi.promise.start)
    for aggregate, spans in looks(ask, outcome.profiles).items():
        for source in (aggregate.source, *(step.source for step in aggregate.then)):
            for span in spans:
                found.setdefault(source, {}).update(dict.fromkeys(read_over(aggregate, source, span)))
    return {source: list(spans) for source, spans in found.items()}


# -- columns -----------------------------------------------------------------------------------------------


def _read(kpi: Kpi, graph: Graph) -> set[tuple[str, str]]:
    """The columns that a KPI cannot do without: what it reads, times, keys of links and of groups."""
    rows = [(source, row) for part in aggregates(*nodes_of(kpi)) for source, row in rows_of(part)]
    found = _followed([(source, ref) for source, row in rows for ref in columns_of(row)], graph)
    for name, spec in graph.sources.items():
        found |= {(name, spec.time)} if spec.time is not None else set()
        found |= {at for link in spec.links for at in ((name, link.column), (link.target, link.far))}
        if isinstance(spec.origin, Grouped):
            parent = spec.origin.source
            found |= _followed([(parent, ref) for _, ref in spec.origin.keys], graph)
    return found


def _followed(stack: list[tuple[str, ColumnRef]], graph: Graph) -> set[tuple[str, str]]:
    """Columns, and those that they are computed or gathered from."""
    seen: set[tuple[str, ColumnRef]] = set()
    while stack:
        at = stack.pop()
        if at in seen:
            continue
        seen.add(at)
        source, ref = at
        home = ref.via[-1] if ref.via else source
        column = graph.sources[home].column(ref.name) if home in graph.sources else None
        value = column.value if column is not None else None
        stack += [(home, below) for below in columns_of(value)]
        stack += [(gather.source, below) for gather in gathers_of(value) for below in read_by(gather)]
    return {(ref.via[-1] if ref.via else source, ref.name) for source, ref in seen}


# -- written -------------------------------------------------------------------------------------------------


def _test(
    kpi: Kpi,
    window: Window,
    wish: Wish,
    tables: Iterable[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]],
) -> Test:
    given = tuple(Given(source, columns, rows, kpi.span) for source, columns, rows in tables)
    period = window if window.regular else None
    expected = Expectation("", kpi.span, kpi=kpi.name, window=period)
    return Test(f"{kpi.name}, as recorded", given, wish.as_of, (expected,), kpi.span)


def _written(test: Test, verdict: Verdict) -> str:
    """The test as a spec has it."""
    from kpidsl.syntax.format import proved
    from kpidsl.syntax.written import a_cell

    lines = [f'test "{test.title}"']
    for table in test.given:
        filled = [n for n in range(len(table.columns)) if any(row[n] for row in table.rows)]
        if not filled:
            continue
        lines.append(f"  given       {_word(table.source)}")
        for row in (table.columns, *table.rows):
            lines.append("    | " + " | ".join(a_cell(row[n]) for n in filled) + " |")
    lines.append(f"  as of       {test.as_of}")
    window = test.expected[0].window
    value = literal(verdict.value, verdict.unit) if verdict.value is not None else "no value"
    said = f"{_word(verdict.kpi)}{f' in {window}' if window is not None else ''} = {value}"
    word = f", {verdict.word}" if verdict.word != "no target" else ""
    lines.append(f"  expect      {said}{word}")
    text = "\n".join(lines) + "\n"
    return proved(Source("<recorded>", text)) or text


def _word(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"

"""The evaluator on files, by way of the real session: failures, checks, links and hostile names."""

import csv
from datetime import date

import duckdb
import pytest
from attrs import evolve

from kpidsl.codes import CATALOGUE
from kpidsl.evaluate.answer import evaluate
from kpidsl.evaluate.checks import profiles
from kpidsl.evaluate.session import Session
from kpidsl.graph import Running, Shift, aggregates
from kpidsl.model.periods import Calendar, periods
from kpidsl.model.sources import Files
from kpidsl.model.types import DAY, NUMBER, TEXT
from kpidsl.model.units import ONE
from kpidsl.results import Ask
from tests.evaluate.world import agg, col, dimension, graph, lit, op, over, spec

AS_OF = date(2026, 3, 15)
MONTHS = periods(date(2026, 1, 1), date(2026, 3, 31), "month", Calendar())
JANUARY = MONTHS[0]


def write(folder, name, header, *rows):
    with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def on_file(source, name=None):
    return evolve(source, origin=Files(f"{name or source.name}.csv", "."))


def ask_all(folder, world, *asks):
    with Session(folder, Calendar(), world.sources.values()) as session:
        known = profiles(world, {a.source for a in aggregates(*(ask.node for ask in asks))}, session, AS_OF)
        return evaluate(world, asks, session, AS_OF, known)


ADS = on_file(spec("ads", {"day": DAY, "spend": NUMBER, "clicks": NUMBER}, time="day"))


def test_a_file_is_read_and_summed(tmp_path):
    write(
        tmp_path,
        "ads",
        ["day", "spend", "clicks"],
        ["2026-01-01", 0.1, 1],
        ["2026-01-31", 0.2, 2],
        ["2026-03-20", 9, 9],
    )
    ask = Ask(agg("sum", "ads", col("ads", "spend")), MONTHS)
    found = ask_all(tmp_path, graph(ADS), ask)
    assert found.grid(ask).values.tolist()[0][0] == 0.3
    assert found.profiles["ads"].watermark == date(2026, 1, 31)
    assert [q.source for q in found.queries] == ["ads"]


def test_a_broken_source_fails_what_is_on_it_and_nothing_else(tmp_path):
    write(tmp_path, "ads", ["day", "spend", "clicks"], ["2026-01-01", 5, 1])
    gone = on_file(spec("gone", {"day": DAY, "x": NUMBER}, time="day"))
    good = Ask(agg("sum", "ads", col("ads", "spend")), MONTHS)
    bad = Ask(over("/", good.node, agg("count", "gone")), MONTHS)
    found = ask_all(tmp_path, graph(ADS, gone), good, bad)
    assert found.grid(good).at((), JANUARY) == 5
    assert found.failure(good.node) is None
    failure = found.failure(bad.node)
    assert failure.code == "K501"
    assert found.grid(bad).at((), JANUARY) is None
    assert found.why(bad, (), JANUARY) == failure.message


def test_a_broken_column_fails_only_what_reads_it(tmp_path):
    write(tmp_path, "ads", ["day", "spend", "clicks"], ["2026-01-01", "five", 1])
    spend, clicks = (Ask(agg("sum", "ads", col("ads", c)), MONTHS) for c in ("spend", "clicks"))
    found = ask_all(tmp_path, graph(ADS), spend, clicks)
    assert found.failure(spend.node).code == "K507"
    assert [problem.code for problem in found.profiles["ads"].broken] == ["K507"]
    assert found.profiles["ads"].failure is None
    assert found.grid(clicks).at((), JANUARY) == 1


def test_an_ambiguous_link_is_refused(tmp_path):
    write(tmp_path, "orders", ["day", "session", "amount"], ["2026-01-01", "s1", 10])
    write(tmp_path, "sessions", ["id", "channel"], ["s1", "google"], ["s1", "meta"])
    orders = on_file(
        spec(
            "orders",
            {"day": DAY, "session": TEXT, "amount": NUMBER},
            time="day",
            links=[("sessions", "session", "id")],
        )
    )
    sessions = on_file(spec("sessions", {"id": TEXT, "channel": TEXT}, time=None))
    channel = dimension("channel", orders=col("orders", "channel", TEXT, ("sessions",)))
    total, split = (Ask(agg("sum", "orders", col("orders", "amount")), MONTHS, d) for d in ((), (channel,)))
    world = graph(orders, sessions)
    assert ask_all(tmp_path, world, total).grid(total).at((), JANUARY) == 10
    assert ask_all(tmp_path, world, split).failure(split.node).code == "K522"
    write(tmp_path, "sessions", ["id", "channel"], ["s1", "google"], ["s2", "meta"])
    assert ask_all(tmp_path, world, split).grid(split).at(("google",), JANUARY) == 10


def test_a_broken_check_is_a_warning_with_the_row(tmp_path):
    write(
        tmp_path,
        "ads",
        ["day", "spend", "clicks"],
        ["2026-01-01", -5, 1],
        ["2026-01-02", "", 2],
        ["2026-01-03", 1, 2],
    )
    checked = evolve(
        ADS, checks=(op(">=", col("ads", "spend"), lit(0)), op(">=", col("ads", "clicks"), lit(0)))
    )
    ask = Ask(agg("count", "ads"), MONTHS)
    [warning] = ask_all(tmp_path, graph(checked), ask).profiles["ads"].problems
    assert (warning.code, warning.severity) == ("K604", CATALOGUE["K604"].severity)
    assert warning.message == "1 row of `ads` breaks its check `spend >= 0`"
    assert warning.notes == ("an example: day 2026-01-01, spend -5.0",)


def test_a_source_without_time_has_no_periods(tmp_path):
    write(tmp_path, "ads", ["day", "spend", "clicks"], ["2026-01-01", 5, 1])
    ask = Ask(agg("count", "ads"), MONTHS)
    assert ask_all(tmp_path, graph(evolve(ADS, time=None)), ask).failure(ask.node).code == "K603"


NASTY = ['x"; DROP TABLE ads; --', "l'été", "a\\b", "select", "{x}", "%s", "`", "💶", "d0", "t", "r"]


def test_names_and_texts_are_never_run(tmp_path):
    write(
        tmp_path,
        "ads",
        ["day", *NASTY],
        ["2026-01-01", *range(len(NASTY))],
        ["2026-01-02", *NASTY[:1], *range(10)],
    )
    kinds = {name: TEXT if name == NASTY[0] else NUMBER for name in NASTY}
    source = on_file(spec("ads", {"day": DAY, **kinds}, time="day"))
    text = col("ads", NASTY[0], TEXT)
    sums = [Ask(agg("sum", "ads", col("ads", name)), MONTHS) for name in NASTY[1:]]
    filtered = [
        Ask(agg("count", "ads", filter=op("=", text, lit(value))), MONTHS)
        for value in (*NASTY, "' OR 1=1 --")
    ]
    split = Ask(agg("count", "ads"), MONTHS, (dimension('d"', ads=text),))
    found = ask_all(tmp_path, graph(source), *sums, *filtered, split)
    assert [found.grid(a).at((), JANUARY) for a in sums] == [n + (n - 1) for n in range(1, len(NASTY))]
    assert [found.grid(a).at((), JANUARY) for a in filtered] == [1, *[0] * len(NASTY)]
    assert tuple(found.grid(split).slices) == ((), ("0",), (NASTY[0],))


def test_an_engine_error_spoils_only_what_caused_it(tmp_path, monkeypatch):
    write(tmp_path, "ads", ["day", "spend", "clicks"], ["2026-01-01", 5, 1])
    bad = Ask(agg("sum", "ads", op("nonsense", col("ads", "spend"), kind=NUMBER)), MONTHS)
    good = [Ask(agg(f, "ads", col("ads", "clicks")), MONTHS) for f in ("sum", "max", "median")]
    monkeypatch.setitem(
        __import__("kpidsl.evaluate.sql.rows").evaluate.sql.rows._OPERATORS,
        "nonsense",
        lambda args: __import__("sqlglot").exp.Anonymous(this="NO_SUCH", expressions=args),
    )
    found = ask_all(tmp_path, graph(ADS), bad, *good)
    failure = found.failure(bad.node)
    assert failure.code == "K601"
    assert "no_such" in failure.message.lower()
    assert [found.grid(a).at((), JANUARY) for a in good] == [1, 1, 1]


def test_an_interrupt_goes_through(tmp_path, monkeypatch):
    write(tmp_path, "ads", ["day", "spend", "clicks"], ["2026-01-01", 5, 1])
    ask = Ask(agg("count", "ads"), MONTHS)
    with Session(tmp_path, Calendar(), [ADS]) as session:
        known = profiles(graph(ADS), ["ads"], session, AS_OF)
        for error in (KeyboardInterrupt, duckdb.InterruptException):
            monkeypatch.setattr(
                session, "fetch", lambda sql, engine, error=error: (_ for _ in ()).throw(error())
            )
            with pytest.raises(error):
                evaluate(graph(ADS), [ask], session, AS_OF, known)


def test_too_large_a_number_is_no_value(tmp_path):
    write(tmp_path, "ads", ["day", "spend", "clicks"], *[["2026-01-01", 1.5e308, -1.5e308]] * 4)
    ask = Ask(agg("sum", "ads", col("ads", "spend")), MONTHS)
    product = Ask(agg("count", "ads", op("*", col("ads", "spend"), lit(10), kind=NUMBER)), MONTHS)
    found = ask_all(tmp_path, graph(ADS), ask, product)
    assert found.grid(ask).at((), JANUARY) is None
    assert found.why(ask, (), JANUARY) == "sum of ads.spend is too large a number"
    assert found.grid(product).at((), JANUARY) == 0


def test_two_hundred_kpis_are_read_with_as_many_queries_as_twenty(tmp_path):
    write(tmp_path, "ads", ["day", "spend", "clicks"], *[[f"2026-01-{n:02}", n, n] for n in range(1, 29)])
    spend = col("ads", "spend")
    functions = ["sum", "average", "count distinct", "median", "last"]

    def queries(count):
        asks = [
            Ask(agg(functions[n % 5], "ads", spend, filter=op(">", spend, lit(n // 5))), MONTHS)
            for n in range(count)
        ]
        return len(ask_all(tmp_path, graph(ADS), *asks).queries)

    assert queries(200) == queries(20) == 4


def test_a_deep_formula_and_one_that_shares_its_parts(tmp_path):
    write(tmp_path, "ads", ["day", "spend", "clicks"], ["2026-01-01", 5, 1])
    deep = shared = agg("sum", "ads", col("ads", "spend"))
    for _ in range(300):
        deep = over("+", deep, agg("count", "ads"))
        shared = over("-", over("+", shared, shared), shared)
        hash(deep), hash(shared)  # as the compiler does, from the parts up
    wide = Ask(Running(Shift(shared, "period", ONE, "none"), ONE), MONTHS)
    asks = [Ask(deep, MONTHS), Ask(shared, MONTHS), wide]
    found = ask_all(tmp_path, graph(ADS), *asks)
    assert [found.grid(a).at((), JANUARY) for a in asks[:2]] == [305, 5]

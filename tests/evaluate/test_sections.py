"""Bands that depend on a text: whatever the filters, the sums are those of the rows that they keep."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpidsl.evaluate.answer import evaluate
from kpidsl.evaluate.classes import Key, edge, subjects
from kpidsl.evaluate.sections import Sections, left
from kpidsl.model.periods import Window
from kpidsl.model.types import DAY, NUMBER, TEXT
from kpidsl.results import Ask
from tests.evaluate.world import TableSession, agg, col, graph, lit, op, plan_by, profiles, spec

NAME, X, Y, SEEN = col("s", "name", TEXT), col("s", "x"), col("s", "y"), col("s", "seen", DAY)
WORLD = graph(spec("s", {"day": DAY, "name": TEXT, "x": NUMBER, "y": NUMBER, "seen": DAY}, time="day"))
FIRST = date(2026, 1, 1)
ALL = Window(FIRST, date(2026, 1, 31))
TEXTS = ("a", "b", "B", "", "it's")
NUMBERS = (0.0, -0.0, 5e-324, 1.0, 1.0000000000000002, -3.5, 2.0**60)
COMPARED = {
    "=": lambda x, a: x == a, "!=": lambda x, a: x != a, "<": lambda x, a: x < a,
    "<=": lambda x, a: x <= a, ">": lambda x, a: x > a, ">=": lambda x, a: x >= a,
}  # fmt: skip


def met(condition, row):
    """By three-valued logic: True, False, or None for unknown."""
    match condition.op, condition.args:
        case "and", args:
            found = [met(arg, row) for arg in args]
            return False if False in found else None if None in found else True
        case "or", args:
            found = [met(arg, row) for arg in args]
            return True if True in found else None if None in found else False
        case "not", (arg,):
            found = met(arg, row)
            return None if found is None else not found
    value = row[condition.args[0].name]
    if condition.op == "missing":
        return value is None
    if value is None:
        return None
    constants = [arg.value for arg in condition.args[1:]]
    match condition.op:
        case "in":
            return value in constants
        case "between":
            return constants[0] <= value <= constants[1]
        case name:
            return COMPARED[name](value, constants[0])


def ordered(subject, constants):
    one = st.builds(lambda name, a: op(name, subject, lit(a)), st.sampled_from(sorted(COMPARED)), constants)
    two = st.builds(lambda a, b: op("between", subject, lit(a), lit(b)), constants, constants)
    return one | two


DAYS = st.integers(0, 3).map(lambda n: FIRST + timedelta(days=n)) | st.sampled_from([date.min, date.max])
NAMED = st.one_of(
    st.builds(lambda name, a: op(name, NAME, lit(a)), st.sampled_from(["=", "!="]), st.sampled_from(TEXTS)),
    st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3).map(
        lambda some: op("in", NAME, *map(lit, some))
    ),
    st.just(op("missing", NAME)),
)
ATOMS = st.one_of(NAMED, NAMED, *(ordered(s, st.sampled_from(NUMBERS)) for s in (X, Y)), ordered(SEEN, DAYS))
CONDITIONS = st.recursive(
    ATOMS,
    lambda some: st.one_of(
        st.builds(lambda name, a, b: op(name, a, b), st.sampled_from(["and", "or"]), some, some),
        some.map(lambda a: op("not", a)),
    ),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries(
    {
        "day": st.just(FIRST),
        "name": st.sampled_from([*TEXTS, "other", "~it's", None]),
        "x": st.sampled_from([*NUMBERS, 0.5, None]),
        "y": st.sampled_from([*NUMBERS, 7.25, None]),
        "seen": st.none() | DAYS.filter(lambda day: date.min < day < date.max),
    }
)
TOLD = op("and", op("=", NAME, lit("a")), op(">", X, lit(0.0)))
DENIED = op("not", op("or", op("!=", NAME, lit("a")), op(">", X, lit(0.0))))

BOTH = op("and", op("=", NAME, lit("a")), op("=", NAME, lit("b")))
NEVER = op("and", BOTH, op("<", SEEN, lit(FIRST)))
"""Nothing is asked of the day, for no text meets the rest."""


@pytest.mark.parametrize("text", [*TEXTS, "other", None])
def test_what_is_left_of_a_condition_decides_alone(text):
    @given(CONDITIONS, st.lists(ROWS, min_size=2, max_size=6))
    def same(condition, rows):
        rows = [{**row, "name": text} for row in rows]
        found = left(condition, NAME, text)
        for row in rows:
            if isinstance(found, bool):
                assert (met(condition, row) is True) is found
                continue
            assert all(atom.subject != NAME for atom in found)
            for other in rows:
                if all(met(atom.whole, row) is met(atom.whole, other) for atom in found):
                    assert (met(condition, row) is True) is (met(condition, other) is True)

    same()


def test_sums_are_those_of_the_rows_kept(monkeypatch):
    plan_by(monkeypatch, "sections")
    used = []

    @settings(deadline=None)
    @example([TOLD, DENIED], [{"day": FIRST, "name": "a", "x": 5e-324, "y": None, "seen": None}])
    @example([TOLD, DENIED], [{"day": FIRST, "name": None, "x": 1.0, "y": None, "seen": None}])
    @example([NEVER, TOLD], [{"day": FIRST, "name": "a", "x": 0.0, "y": None, "seen": FIRST}])
    @given(st.lists(CONDITIONS, min_size=1, max_size=6), st.lists(ROWS, min_size=1, max_size=12))
    def same(conditions, rows):
        data = {"s": rows}
        asks = [Ask(agg("count", "s", filter=each), (ALL,)) for each in dict.fromkeys(conditions)]
        found = evaluate(WORLD, asks, TableSession(WORLD, data), ALL.end, profiles(WORLD, data, ALL.end))
        for ask in asks:
            kept = sum(met(ask.node.filter, row) is True for row in rows)
            failed = found.failure(ask.node)
            assert failed is None, failed
            assert found.grid(ask).at((), ALL) == kept
        used.extend(k for q in found.queries if q.scan for k in q.scan.keys if k.how == "sections")

    same()
    assert used


def test_each_text_has_its_own_places():
    several = [
        op("and", op("=", NAME, lit(text)), op(">=", X, lit(n)))
        for text, n in zip("abc", (1, 2, 3), strict=True)
    ]
    ways = set(Sections(lambda row: row.type.kind).ways(several, subjects(several), {}))
    sections = tuple((text, ((float(n), False),)) for n, text in enumerate("abc", 1))
    assert ways == {
        (Key(NAME, "picked", picked=("a", "b", "c")), Key(X, "sections", by=NAME, sections=sections))
    }


def test_nothing_is_gained_where_all_texts_ask_alike():
    alike = [
        op("and", op("!=", NAME, lit(text)), op(">=", X, lit(n)))
        for text, n in zip("abc", (1, 2, 3), strict=True)
    ]
    assert not list(Sections(lambda row: row.type.kind).ways(alike, subjects(alike), {}))


@pytest.mark.parametrize(
    ("cut", "before"),
    [
        ((1.0, False), 1.0),
        ((1.0, True), 1.0000000000000002),
        ((-5e-324, True), 0.0),
        ((1.7976931348623157e308, True), None),
        ((date(2026, 1, 31), True), date(2026, 2, 1)),
        ((date.max, True), None),
    ],
)
def test_a_cut_after_a_value_is_one_before_the_next(cut, before):
    assert edge(cut) == before

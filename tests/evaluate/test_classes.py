"""Values that stand for all others of their class: they meet the same conditions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.evaluate.classes import Key, atoms, keys, representatives, subjects
from kpidsl.model.types import DAY, TEXT
from tests.evaluate.world import col, lit, op

X, Y, DAY_, NAME = col("s", "x"), col("s", "y"), col("s", "day", DAY), col("s", "name", TEXT)
NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 1e308, -1e308, 5e-324]), st.floats(allow_nan=False, allow_infinity=False)
)
HOLDS = {
    "<": lambda x, a: x < a[0], "<=": lambda x, a: x <= a[0], ">": lambda x, a: x > a[0],
    ">=": lambda x, a: x >= a[0], "=": lambda x, a: x == a[0], "!=": lambda x, a: x != a[0],
    "in": lambda x, a: x in a, "between": lambda x, a: a[0] <= x <= a[1],
}  # fmt: skip


def comparisons(constants, subject):
    return st.builds(
        lambda name, a, b: op(name, subject, *map(lit, (a, b) if name in ("in", "between") else (a,))),
        st.sampled_from(sorted(HOLDS)),
        constants,
        constants,
    )


@pytest.mark.parametrize(("constants", "subject"), [(NUMBERS, X), (st.dates(), DAY_)])
def test_a_representative_meets_the_conditions_of_its_band(constants, subject):
    @given(st.lists(comparisons(constants, subject), min_size=1, max_size=6), constants)
    def same(conditions, value):
        [key] = keys(subjects(conditions), {})
        assert key.how == "bands"
        band = sum(value > edge if after else value >= edge for edge, after in key.cuts)
        standing = representatives(key.cuts)[band]
        for condition in conditions:
            [atom] = atoms(condition)
            assert HOLDS[atom.op](value, atom.constants) == HOLDS[atom.op](standing, atom.constants)

    same()


def test_what_rows_are_grouped_by():
    equal = op("or", op("=", NAME, lit("a")), op("not", op("in", NAME, lit("b"), lit("a"))))
    assert keys(subjects([equal]), {}) == (Key(NAME, "picked", picked=("a", "b")),)
    assert keys(subjects([equal]), {NAME: 8}) == (Key(NAME),)
    contains = op("contains", NAME, lit("a"))
    assert keys(subjects([contains]), {}) == (Key(contains),)
    assert keys(subjects([contains, equal]), {NAME: 8}) == (Key(NAME),)
    two = op("<", X, Y)
    assert keys(subjects([two]), {X: 1, Y: 1}) == (Key(two),)
    assert keys(subjects([op(">", lit(3), X)]), {}) == (Key(X, "bands", cuts=((3, False),)),)

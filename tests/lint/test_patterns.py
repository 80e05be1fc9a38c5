"""Regular expressions for names: they fit what those of Python fit, and none takes long."""

from __future__ import annotations

import re
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.lint.patterns import LONGEST, Unreadable, matcher

ATOMS = ["a", "b", "_", ".", r"\w", r"\d", "[ab]", "[^a]", "[a-c_]", r"[\d_]", r"\_", "é", "[]a]"]
REPEATS = ["", "*", "+", "?", "{2}", "{1,}", "{,2}", "{0,3}", "*?", "+?", "{2}?"]
PATTERNS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda ways: f"(?:{'|'.join(ways)})"),
        st.tuples(inner, st.sampled_from(REPEATS)).map(lambda both: f"({both[0]}){both[1]}"),
        st.tuples(st.sampled_from(["(?=", "(?!"]), inner).map(lambda both: f"{both[0]}{both[1]})"),
        inner.map(lambda one: f"^{one}$"),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text("abcd_1é", max_size=6))
def test_they_fit_what_those_of_python_fit(pattern: str, text: str) -> None:
    assert matcher(pattern)(text) == bool(re.fullmatch(pattern, text)), pattern


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|aa)+b", "(?:a?){40}a{40}b", "(([a-z])+.)+[A-Z]([a-z])+", "(a*)*b", "(a?){9999999}b"],
)
def test_none_takes_long(pattern: str) -> None:
    begun = perf_counter()
    assert not matcher(pattern)("a" * 200)
    assert perf_counter() - begun < 5


@pytest.mark.parametrize(
    "pattern",
    [
        "[",
        "(",
        "a)",
        "*a",
        "(?<=a)b",
        r"(a)\1",
        r"a\b",
        "(?i)a",
        "a++",
        "(?>a)b",
        "a{3,1}",
        "a" * (LONGEST + 1),
        "(" * 300 + ")" * 200,
    ],
)
def test_what_cannot_be_told_is_refused(pattern: str) -> None:
    with pytest.raises(Unreadable):
        matcher(pattern)


@pytest.mark.parametrize(
    ("pattern", "fits", "not_"),
    [
        ("[a-z]+(_[a-z0-9]+)*", "cost_per_lead2", "Cost_per_lead"),
        ("^(kpi|m)_.*$", "kpi_x", "x_kpi"),
        ("(?!tmp_).+", "leads", "tmp_leads"),
        (r"[^\W\d_]+", "dépense", "d_1"),
        ("(?P<team>sales|ops)_[a-z]{2,8}", "ops_leads", "ops_l"),
        ("a{,x}", "a{,x}", "a"),
        ("", "", "a"),
    ],
)
def test_examples(pattern: str, fits: str, not_: str) -> None:
    assert matcher(pattern)(fits)
    assert not matcher(pattern)(not_)

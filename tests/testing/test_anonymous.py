"""Values that tell nothing: what stays of them."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kpidsl.testing.anonymous import _numbered, _ranked, _shifted

_MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 4)).map(lambda t: t.isoformat(" "))
_DAYS = st.dates(datetime(2026, 1, 1).date(), datetime(2026, 1, 4).date()).map(lambda t: t.isoformat())


@given(st.lists(st.one_of(_MOMENTS, _DAYS), max_size=30))
def test_moments_keep_their_days_and_their_order(moments: list[str]) -> None:
    found = _shifted(dict.fromkeys(moments))
    told = {moment: found.get(moment, moment) for moment in moments}
    assert all(new[:10] == old[:10] for old, new in told.items())
    assert all((len(new) == 10) == (len(old) == 10) for old, new in told.items())
    in_order = sorted(told, key=datetime.fromisoformat)
    for one, other in pairwise(in_order):
        apart = datetime.fromisoformat(one) < datetime.fromisoformat(other)
        assert not apart or datetime.fromisoformat(told[one]) <= datetime.fromisoformat(told[other])


@given(st.lists(st.integers(-50, 50).map(lambda n: repr(n / 4)), max_size=20), st.sampled_from((2, 5, 10)))
def test_numbers_keep_their_order_and_their_sign(values: list[str], step: int) -> None:
    found = _ranked(dict.fromkeys(values), step)
    for one in values:
        new = int(found[one])
        assert (new > 0, new < 0, new % step) == (float(one) > 0, float(one) < 0, 0)
        for other in values:
            assert (float(one) < float(other)) == (new < int(found[other]))


_TEXTS = st.sets(st.sampled_from(["a", "b", "x 1", "x 2", "x 3"]))


@given(_TEXTS, _TEXTS)
def test_texts_are_numbered_past_those_that_are_kept(values: set[str], kept: set[str]) -> None:
    found = _numbered(sorted(values), "x", frozenset(kept))
    assert set(found) == values - kept
    assert not set(found.values()) & kept
    assert len(set(found.values())) == len(found)

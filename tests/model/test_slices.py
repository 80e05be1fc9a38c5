"""Slices as columns are the slices that a sorted list of tuples would have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.slices import SliceKey, Slices, merged

VALUES = st.one_of(st.none(), st.sampled_from(["", "a", "b", "ä", "A", "10", "9", "\U0001f600"]), st.text())


def order(key: SliceKey) -> tuple[tuple[bool, str], ...]:
    return tuple((value is None, value or "") for value in key)


def settled(keys: list[SliceKey]) -> list[SliceKey]:
    return [(), *sorted({key for key in keys if key}, key=order)]


def some(width: int) -> st.SearchStrategy[list[SliceKey]]:
    return st.lists(st.tuples(*[VALUES] * width), max_size=12)


several = st.integers(1, 3).flatmap(lambda width: st.tuples(some(width), some(width)))


@given(several)
def test_slices_are_a_sorted_list_of_their_keys(pair):
    keys, others = pair
    found, wanted = Slices.of(keys), settled(keys)
    assert list(found) == wanted
    assert [found[n] for n in range(len(found))] == wanted
    assert found[-1] == wanted[-1]
    assert found[1:3] == tuple(wanted[1:3])
    for n, key in enumerate(wanted):
        assert (found.place(key), found.index(key), key in found) == (n, n, True)
    for key in others:
        assert found.place(key) == (wanted.index(key) if key in wanted else None)
    assert Slices.of(reversed(wanted)) == found
    assert hash(Slices.of(reversed(wanted))) == hash(found)
    assert (found == Slices.of(others)) == (wanted == settled(others))


@given(several)
def test_the_places_of_others_and_what_several_have(pair):
    keys, others = pair
    found, other = Slices.of(keys), Slices.of(others)
    assert found.places(other).tolist() == [
        -1 if found.place(key) is None else found.place(key) for key in other
    ]
    both = merged([found, other])
    assert list(both) == settled([*keys, *others])
    assert both.places(found).min() >= 0


@given(several)
def test_rows_know_their_slice(pair):
    keys, _ = pair
    columns = [np.array([key[d] for key in keys], object) for d in range(len(keys[0]) if keys else 0)]
    found, places = Slices.of_rows(columns)
    assert list(found) == settled(keys)
    assert [found[n] for n in places] == keys


def test_the_total_alone():
    assert list(Slices()) == [()] == list(Slices.of([()]))
    assert Slices() == Slices.of_rows([np.array([], object)])[0]
    assert (Slices().place(()), Slices().place(("a",)), len(merged([Slices(), Slices()]))) == (0, None, 1)
    assert Slices.of([("a",)]).places(Slices.of([("a", "b")])).tolist() == [0, -1]


def test_what_is_not_there():
    found = Slices.of([("a",), (None,)])
    assert "a" not in found
    assert found != ((), ("a",), (None,))
    with pytest.raises(ValueError, match="no slice"):
        found.index(("b",))
    with pytest.raises(IndexError):
        found[3]


def test_dimensions_whose_sizes_multiply_beyond_an_integer():
    texts = [np.array([f"{n:05}" for n in range(40_000)], object)] * 5
    rng = np.random.default_rng(7)
    codes = [rng.integers(0, 40_001, 500) for _ in texts]
    found, places = Slices.of_codes(texts, codes)
    keys = [tuple(None if c == 40_000 else texts[0][c] for c in row) for row in zip(*codes, strict=True)]
    assert list(found) == settled(keys)
    assert [found[n] for n in places] == keys
    assert found.places(Slices.of(keys[:50])).min() >= 0


def test_a_slice_is_found_by_halving():
    texts = np.array([f"/page/{n:06}" for n in range(200_000)], object)
    found = Slices([texts], [np.arange(200_000)])
    looked = 0

    class Counting(str):
        def __lt__(self, other: object) -> bool:
            nonlocal looked
            looked += 1
            return str.__lt__(self, other)

        def __gt__(self, other: object) -> bool:
            nonlocal looked
            looked += 1
            return str.__gt__(self, other)

    assert found.place((Counting("/page/123456"),)) == 123_457
    assert 0 < looked < 40

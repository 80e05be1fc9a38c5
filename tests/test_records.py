"""What records share, and how a command keeps the collector away."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest
from attrs import field, frozen

from kpidsl.collector import uncollected
from kpidsl.records import Record


def test_a_record_is_shown_as_attrs_shows_it() -> None:
    @frozen(repr=False)
    class Shared(Record):
        name: str
        parts: tuple[object, ...] = ()
        hidden: int = field(default=1, repr=False)
        _own: float = 0.5

    @frozen
    class Made:
        name: str
        parts: tuple[object, ...] = ()
        hidden: int = field(default=1, repr=False)
        _own: float = 0.5

    one, other = Shared("a", (Shared("b'"), None)), Made("a", (Made("b'"), None))
    assert repr(one) == repr(other).replace("Made", "Shared")


@pytest.mark.parametrize("before", [True, False])
def test_the_collector_is_left_as_it_was(before: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if before else gc.disable)()
        with suppress(ValueError), uncollected():
            assert not gc.isenabled()
            raise ValueError
        assert gc.isenabled() is before
    finally:
        (gc.enable if was else gc.disable)()

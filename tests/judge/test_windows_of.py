"""Windows as one object: asks are told apart quickly, and mean what plain tuples mean."""

from __future__ import annotations

from datetime import date

from kpidsl.graph import Constant
from kpidsl.model.periods import Calendar, periods
from kpidsl.model.units import ONE
from kpidsl.results import Ask, windows_of


def test_equal_windows_are_one_object_and_found_under_plain_tuples() -> None:
    one, other = (periods(date(2026, 1, 1), date(2026, 12, 31), "month", Calendar()) for _ in range(2))
    assert one is not other
    assert windows_of(one) is windows_of(other)
    assert {one: 1}[windows_of(other)] == 1
    assert {windows_of(one): 1}[other] == 1
    assert hash(windows_of(one)) == hash(one)
    assert windows_of(one) != windows_of(one[1:])


def test_asks_over_equal_windows_are_equal() -> None:
    one, other = (periods(date(2026, 1, 1), date(2026, 3, 31), "month", Calendar()) for _ in range(2))
    node = Constant(1.0, ONE)
    assert Ask(node, one) == Ask(node, other)
    assert hash(Ask(node, one)) == hash(Ask(node, other))
    assert Ask(node, one) != Ask(node, one[:2])

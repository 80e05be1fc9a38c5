"""What the files of the example share: chance that repeats itself, a lamp shop's calendar, and formats."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

START, END = date(2024, 10, 1), date(2026, 10, 14)
DAYS = [START + timedelta(days=n) for n in range((END - START).days + 1)]

CHANNELS = ("google", "meta", "email", "organic")
MONTH_SHAPE = (0.95, 0.90, 0.95, 0.90, 0.86, 0.82, 0.76, 0.50, 0.95, 1.08, 1.50, 1.65)
WEEK_SHAPE = (1.06, 1.02, 1.00, 0.97, 0.92, 0.91, 1.12)
HOUR_SHAPE = (1, 1, 0, 0, 0, 1, 2, 4, 5, 6, 6, 6, 8, 6, 5, 5, 5, 6, 7, 8, 10, 11, 8, 3)


class Dice:
    """A source of chance that uses nothing but `random()`."""

    def __init__(self, seed: int) -> None:
        self.roll = random.Random(seed).random

    def chance(self, probability: float) -> bool:
        return self.roll() < probability

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.roll()

    def whole(self, low: int, high: int) -> int:
        return low + int(self.roll() * (high - low + 1))

    def around(self, mean: float, spread: float = 0.35) -> int:
        """A whole number near the mean; right on average even when the mean is below one."""
        bell = (self.roll() + self.roll() + self.roll() + self.roll() - 2.0) / 2.0
        return int(max(0.0, mean * (1.0 + 2.0 * spread * bell)) + self.roll())

    def pick(self, items: Sequence, weights: Sequence[float] | None = None):
        if weights is None:
            return items[int(self.roll() * len(items))]
        rest = self.roll() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            rest -= weight
            if rest < 0:
                return item
        return items[-1]


def season(day: date) -> float:
    """How busy a day is: month of the year, day of the week, and 20 % of growth a year."""
    return MONTH_SHAPE[day.month - 1] * WEEK_SHAPE[day.weekday()] * (1.0 + 0.2 * (day - START).days / 365)


def moment(dice: Dice, day: date) -> datetime:
    hour = dice.pick(range(24), HOUR_SHAPE)
    return datetime(day.year, day.month, day.day, hour, dice.whole(0, 59), dice.whole(0, 59))


def move_late_rows(rows: list, dice: Dice, probability: float) -> list:
    """Some rows arrive days after their date: they stand at the end of the file."""
    late = [dice.chance(probability) for _ in rows]
    return [r for r, is_late in zip(rows, late, strict=True) if not is_late] + [
        r for r, is_late in zip(rows, late, strict=True) if is_late
    ]


def euros(amount: float) -> str:
    """1234.5 -> '1 234,50 €'."""
    whole, cents = f"{abs(amount):.2f}".split(".")
    groups = f"{int(whole):,}".replace(",", " ")
    return f"{'-' if amount < 0 else ''}{groups},{cents} €"


def lines(header: str, rows: Iterable[Sequence], separator: str = ",", end: str = "\n") -> str:
    return end.join([header, *(separator.join(str(v) for v in row) for row in rows), ""])


# From July 2026 on, meta sells its clicks dearer and they convert less.
META_TROUBLE = {(2026, 7): 1.22, (2026, 8): 1.45, (2026, 9): 1.80, (2026, 10): 2.00}


def trouble(channel: str, day: date) -> float:
    return META_TROUBLE.get((day.year, day.month), 1.0) if channel == "meta" else 1.0

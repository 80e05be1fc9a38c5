"""Which slices of a KPI an output gives, and how many it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from kpidsl.render.figures import LIGHTS
from kpidsl.results import LIGHT_OF, WORDS

if TYPE_CHECKING:
    from kpidsl.digits import Floats
    from kpidsl.results import Crowd, Flags, Judged, Light, Places, Verb, Verdict

MOST = 20
"""How many slices of a KPI people are shown, if nothing else is wished."""
DETAILED = 250
"""Up to as many slices programs get the sentence and the history of each."""
_LIGHT_RANK = np.array([LIGHTS.index(LIGHT_OF[word]) for word in WORDS])


@frozen
class Choice:
    """What was wished for. None for `top`: `MOST` for people, all for programs."""

    top: int | None = None
    every: bool = False
    """All of them for people, too."""
    only: frozenset[Light] = frozenset()
    """Slices with these lights; empty for any."""
    least_rows: int = 0
    """Slices whose values have at least as many rows behind them."""
    full: bool = False
    """Sentences and histories for programs, however many slices there are."""


ALL = Choice()


@frozen(eq=False)
class Chosen:
    """Places in `Judged.slices`, in the order to be shown, and how many of the others have which word."""

    which: Places
    rest: dict[Verb, int]

    @property
    def left_out(self) -> str:
        """`999,980 more: 12 missed, 999,968 met`, what needs attention first; empty if there are none."""
        if not self.rest:
            return ""
        if set(self.rest) == {"no target"}:
            return f"{self.rest['no target']:,} more"
        words = sorted(self.rest.items(), key=lambda entry: (LIGHTS.index(LIGHT_OF[entry[0]]), entry[0]))
        return f"{sum(self.rest.values()):,} more: " + ", ".join(f"{n:,} {word}" for word, n in words)


_NONE = Chosen(np.zeros(0, np.int64), {})


def for_people(judged: Judged, choice: Choice = ALL, *, quiet: bool = False) -> Chosen:
    """The slices to show: those that ever have a value, or a target of their own; quiet, what is not green.

    All of them in their order if they are few. Of more, those that matter most: by light, then by how far
    they are from what was asked; of green ones and of those that are not judged, the greatest.
    """
    crowd = judged.crowd
    if crowd is None:
        return _NONE
    told = ~crowd.empty
    if quiet:
        told &= ~np.isin(_LIGHT_RANK[crowd.words], [LIGHTS.index("green"), LIGHTS.index("none")])
    most = len(told) if choice.every else MOST if choice.top is None else choice.top
    return _chosen(crowd, told, choice, most, ranked=choice.top is not None)


def for_programs(judged: Judged, choice: Choice = ALL) -> Chosen:
    """The slices to give: every one that is not left out by wish."""
    crowd = judged.crowd
    if crowd is None:
        return _NONE
    every = np.ones(len(crowd.words), np.bool_)
    ranked = choice.top is not None and not choice.every
    most = choice.top if ranked and choice.top is not None else len(every)
    return _chosen(crowd, every, choice, most, ranked=ranked)


def detailed(chosen: Chosen, choice: Choice) -> bool:
    """Whether programs get sentences and histories of the slices."""
    return choice.full or len(chosen.which) <= DETAILED


def history_of(judged: Judged, which: int) -> tuple[Verdict, ...]:
    """Every window of a slice; none for one that the data does not have."""
    return tuple(judged.slice_history[which][1]) if which < len(judged.slice_history) else ()


def _chosen(crowd: Crowd, told: Flags, choice: Choice, most: int, *, ranked: bool) -> Chosen:
    words = crowd.words
    able = told.copy()
    if choice.only:
        able &= np.isin(_LIGHT_RANK[words], [LIGHTS.index(light) for light in choice.only])
    if choice.least_rows:
        able &= crowd.rows >= choice.least_rows
    which = np.flatnonzero(able)
    if ranked or len(which) > most:
        which = _greatest(crowd, which, most)
    left = told
    left[which] = False
    counts = np.bincount(words[left], minlength=len(WORDS)).tolist()
    return Chosen(which, {word: count for word, count in zip(WORDS, counts, strict=True) if count})


def _greatest(crowd: Crowd, which: Places, most: int) -> Places:
    """Those that matter most, first to last; equals in their order."""
    ranks = _LIGHT_RANK[crowd.words[which]]
    numbers: dict[str, Floats] = {}
    found: list[Places] = []
    for rank, light in enumerate(LIGHTS):
        mine = which[ranks == rank]
        if not len(mine) or not most:
            continue
        name = "gap" if light in ("red", "amber") else "value"
        if name not in numbers:
            numbers[name] = np.nan_to_num(np.abs(crowd.number(name)), nan=-1.0)
        size = numbers[name][mine]
        if len(mine) > most:
            least = np.partition(size, len(size) - most)[len(size) - most]
            mine, size = mine[size >= least], size[size >= least]
        mine = mine[np.argsort(-size, kind="stable")][:most]
        most -= len(mine)
        found.append(mine)
    return np.concatenate(found) if found else which[:0]

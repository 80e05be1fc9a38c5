"""Regular expressions that cannot hang: all places where a part can end, not one way after another.

`re` takes time that doubles with each letter for a pattern such as `(a+)+b`. Here each part of a pattern says
at which places it can end that begins at a given one, all of them at once, so that the time grows with the
length of the name squared at worst. Single characters are left to `re`, and so is what is no pattern at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from attrs import define

from kpidsl.records import Record

Ends = Callable[[str, int], frozenset[int]]
"""Where a part of a pattern can end in a text that it begins at a place of."""

LONGEST = 500
_kept = lru_cache(maxsize=4096)  # more places than one name has
_CHARACTER = re.compile(
    r"""\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[dDsSwWnrtfva]|[\W_])   # escapes of one character
      | \[\^?\]?(?:\\.|[^\]\\])*\]                                        # a class
      | [^\\()|*+?{^$\[]                                                  # itself, or a point
      | \{(?!\d*,?\d*\}) """,
    re.VERBOSE,
)
_REPEAT = re.compile(r"(?:([*+?])|\{(\d*)(,?)(\d*)\})[?]?")


_HEAD = re.compile(r"\?:|\?P<\w+>")


class Unreadable(ValueError):
    """What a pattern has that names are not matched by."""


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a pattern fits a whole text. ValueError for what is no pattern, or has what is left out here:
    back references, looking behind, word borders, flags, possessive and atomic parts."""
    if len(pattern) > LONGEST:
        raise Unreadable(f"it has more than {LONGEST} characters")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    whole = _Reader(pattern).all()
    return lambda text: len(text) in whole(text, 0)


@define(repr=False, eq=False)
class _Reader(Record):
    text: str
    at: int = 0

    def all(self) -> Ends:
        found = self.choice()
        if self.at < len(self.text):
            raise Unreadable(f"`{self.text[self.at :][:10]}` is not for names")
        return found

    def choice(self) -> Ends:
        ways = [self.sequence()]
        while self.takes("|"):
            ways.append(self.sequence())
        return ways[0] if len(ways) == 1 else _any(ways)

    def sequence(self) -> Ends:
        parts: list[Ends] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self.repeated(self.part()))
        return _all(parts)

    def part(self) -> Ends:
        if self.takes("("):
            ahead = next((sign for sign in ("?=", "?!") if self.takes(sign)), None)
            if ahead is None and (head := _HEAD.match(self.text, self.at)):
                self.at = head.end()
            inner = self.choice()
            if not self.takes(")"):
                raise Unreadable(f"`({self.text[self.at :][:10]}` is not for names")
            return inner if ahead is None else _ahead(inner, wanted=ahead == "?=")
        if self.takes("^"):
            return lambda text, at: frozenset({at} if at == 0 else ())
        if self.takes("$"):
            return lambda text, at: frozenset({at} if at == len(text) else ())
        found = _CHARACTER.match(self.text, self.at)
        if found is None:
            raise Unreadable(f"`{self.text[self.at :][:10]}` is not for names")
        self.at = found.end()
        return _one(found[0])

    def repeated(self, part: Ends) -> Ends:
        found = _REPEAT.match(self.text, self.at)
        if found is None or found[0] == "{}" or found[0] == "{}?":
            return part
        self.at = found.end()
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(found[1] or "", (0, None))
        if found[1] is None:
            least = int(found[2] or 0)
            most = (int(found[4]) if found[4] else None) if found[3] else least
        if self.text[self.at : self.at + 1] == "+":
            raise Unreadable("possessive parts are not for names")
        return _repeat(part, least, most)

    def takes(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True


def _one(sign: str) -> Ends:
    fits = re.compile(sign).fullmatch
    return lambda text, at: frozenset({at + 1} if at < len(text) and fits(text[at]) else ())


def _all(parts: list[Ends]) -> Ends:
    def ends(text: str, at: int) -> frozenset[int]:
        places = frozenset({at})
        for part in parts:
            places = frozenset(end for place in places for end in part(text, place))
        return places

    return _kept(ends)


def _any(ways: list[Ends]) -> Ends:
    return _kept(lambda text, at: frozenset(end for way in ways for end in way(text, at)))


def _ahead(inner: Ends, *, wanted: bool) -> Ends:
    return lambda text, at: frozenset({at} if bool(inner(text, at)) is wanted else ())


def _repeat(part: Ends, least: int, most: int | None) -> Ends:
    def ends(text: str, at: int) -> frozenset[int]:
        places, done = frozenset({at}), 0
        while done < least:
            further = frozenset(end for place in places for end in part(text, place))
            done += 1
            if further == places:  # once more changes nothing
                break
            places = further
        found, fresh, done = places, places, least
        while fresh and (most is None or done < most):
            fresh = frozenset(end for place in fresh for end in part(text, place)) - found
            found, done = found | fresh, done + 1
        return found

    return _kept(ends)

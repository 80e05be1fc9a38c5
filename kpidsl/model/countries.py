"""The countries and regions whose public holidays the `holidays` library knows, as a list.

It is read where a calendar names one, so that a spec is checked without the library.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from unicodedata import combining, normalize

from kpidsl.diagnostics import near

LIST = Path(__file__).with_name("countries.txt")
"""A line for each: the code, its names, and its regions with theirs. Tabs between, bars within."""

Regions = dict[str, str]


@lru_cache(maxsize=1)
def _places() -> tuple[dict[str, str], dict[str, tuple[str, tuple[str, ...]]]]:
    """Codes by folded name; by code the plain name and the regions."""
    codes: dict[str, str] = {}
    known: dict[str, tuple[str, tuple[str, ...]]] = {}
    for line in LIST.read_text("utf-8").splitlines():
        code, names, *regions = line.split("\t")
        first, *_ = names.split("|")
        known[code] = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", first), tuple(regions)
        codes |= {_folded(name): code for name in (code, *names.split("|"))}
    return codes, known


def _folded(text: str) -> str:
    plain = "".join(c for c in normalize("NFKD", text.casefold()) if not combining(c))
    return re.sub(r"\W", "", plain)


def find_place(text: str) -> tuple[str, str | None]:
    """The codes of `France`, `FR`, `Germany-BY` or `Germany-Bayern`; ValueError says what is not known."""
    codes, known = _places()
    if (code := codes.get(_folded(text))) is not None:
        return code, None
    country, _, region = text.partition("-")
    code = codes.get(_folded(country))
    if code is None:
        alike = near(text, [name for name, _ in known.values()])
        raise ValueError(f"`{text}` is no country whose holidays are known{_similar(alike)}")
    name, regions = known[code]
    if not regions:
        raise ValueError(f"the holidays of {name} are not known by region")
    every = {_folded(alias): each.split("|")[0] for each in regions for alias in each.split("|")}
    if (found := every.get(_folded(region))) is not None:
        return code, found
    alike = near(region.strip(), [alias for each in regions for alias in each.split("|")])
    raise ValueError(f"{name} has no region `{region.strip()}`{_similar(alike)}")


def _similar(names: list[str]) -> str:
    return f"; similar: {', '.join(names)}" if names else ""

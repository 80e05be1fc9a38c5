"""Lint a project, or say again what was said of the same texts before.

What was found is kept like all that is known of specs, under a digest of the texts, the config, the day and
the code; not where packages bring rules, for their code is not part of that. Here is only what it takes to
see that nothing changed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date

from kpidsl import cache
from kpidsl.collector import uncollected
from kpidsl.lint.outcome import Outcome, Passed
from kpidsl.lint.rules import points
from kpidsl.packed import Codec
from kpidsl.specs import Specs

_CODEC = Codec([Passed, Outcome])


def today_of(specs: Specs) -> date:
    """The day that rules about time go by: that of the config, else today."""
    return specs.config.as_of or date.today()


def check(
    specs: Specs, today: date | None = None, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> Outcome:
    """Everything about a project: what its compiler tells, and what the rules find.

    `select` takes the place of that of the config, `ignore` is added to its own; both are codes, names or
    families.
    """
    day = today or today_of(specs)
    found = points()
    key = None if found else _key(specs, day, select, ignore)
    sources = (*specs.sources, *specs.config.lint.sources)
    kept = _CODEC.unpack(cache.get(f"lint-{key}"), sources) if key else None
    if isinstance(kept, Outcome):
        return kept
    from kpidsl.lint.ask import ask

    with uncollected():
        outcome = ask(specs, day, select, ignore, found)
    if key and (data := _CODEC.pack(outcome, sources)):
        cache.put(f"lint-{key}", data)
    return outcome


def _key(specs: Specs, today: date, select: Sequence[str], ignore: Sequence[str]) -> str | None:
    """A name for all that decides what is found."""
    try:
        if not cache.specs_kept():
            return None
        texts = [text for source in specs.sources for text in (source.name, source.text)]
        config = [source.text for source in specs.config.lint.sources]
        decided = [str(today), *select, "", *ignore, "", *config]
        where = [os.getcwd(), str(specs.config.root.resolve())]
        return cache.digest((cache.code(), *where, *decided, "", *texts))
    except OSError:  # the current folder is gone
        return None

"""Which files a source reads, and how they are written: the options of `from`."""

from __future__ import annotations

import posixpath

from kpidsl.compile.scope import Scope
from kpidsl.diagnostics import Span
from kpidsl.model.sources import Files
from kpidsl.syntax import nodes

_OPTIONS = {
    "separated by": "separator",
    "decimal": "decimal",
    "thousands": "thousands",
    "dates": "dates",
    "encoding": "encoding",
    "sheet": "sheet",
    "table": "table",
}


def files_of(clause: nodes.FromFiles, scope: Scope) -> Files | None:
    """The files of a clause; None after an error. `missing` may be said for several words, all else once."""
    options: dict[str, str] = {}
    places: dict[str, Span] = {}
    missing: dict[str, None] = {}
    for word, value in clause.options:
        if word == "missing":
            if not value.text.strip():
                hint = 'it is the word that cells hold: `missing "NULL"`'
                scope.error("K322", "an empty cell is missing anyway", value.span, help=hint)
                return None
            missing[value.text.strip()] = None
            continue
        if word in places:
            scope.error("K212", f"`{word}` is said twice", value.span, (places[word], "first here"))
            return None
        places[word] = value.span
        options[_OPTIONS[word]] = value.text
    for word, lengths in (("separator", 1), ("decimal", 1), ("thousands", 1)):
        if word in options and len(options[word].replace("\\t", "\t")) != lengths:
            span = places[next(w for w, o in _OPTIONS.items() if o == word)]
            scope.error("K322", f"{word} is one character", span)
            return None
    if "separator" in options:
        options["separator"] = options["separator"].replace("\\t", "\t")
    folder = posixpath.dirname(clause.span.source.name.replace("\\", "/")) or "."
    return Files(clause.pattern.text, folder, **options, missing=tuple(missing))

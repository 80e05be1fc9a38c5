"""Whether the spec files of a project are written as the formatter writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from kpidsl import files
from kpidsl.diagnostics import Diagnostic, Edit, Fix, Report, Source, Span
from kpidsl.specs import Specs
from kpidsl.syntax.format import format_file


def unformatted(specs: Specs) -> Iterator[Diagnostic]:
    """An error for each file that the formatter would write otherwise.

    One with an error in its syntax has no layout: the error is among the diagnostics of the project. Texts
    are compared as they are on disk, line ends and byte order mark included.
    """
    broken = {d.span.source.name for d in specs.errors if d.span and d.code.startswith(("K0", "K1"))}
    for file in specs.files:
        name = file.source.name
        if file.broken or name in broken:
            continue
        text = format_file(file)
        if text != file.source.text:
            yield _different(file.source, text)
        elif (raw := files.read(Path(name), Report())) is not None and raw.text != text:
            message = f"`{name}` has line ends, accents or a byte order mark that `kpi fmt` writes otherwise"
            yield Diagnostic("K730", message, Span(file.source, 0, 0), help=_help(name))


def _different(source: Source, text: str) -> Diagnostic:
    """What is wrong with the lines from the first that differs to the last, which the fix replaces."""
    old, new = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    alike = min(len(old), len(new))
    first = next((n for n in range(alike) if old[n] != new[n]), alike)
    rest = alike - first
    last = next((n for n in range(rest) if old[-1 - n] != new[-1 - n]), rest)
    start = sum(map(len, old[:first]))
    end = start + sum(map(len, old[first : len(old) - last]))
    lines = len(old) - last - first
    what = f"{lines} lines from here on are" if lines > 1 else "this line is"
    replaced = Edit(Span(source, start, end), "".join(new[first : len(new) - last]))
    return Diagnostic(
        "K730",
        f"`{source.name}` is not in the one layout: {what} written otherwise",
        Span(source, start, min(end, start + len(source.text[start:end].partition("\n")[0]))),
        help=_help(source.name),
        fix=Fix("write it in the one layout", (replaced,)),
    )


def _help(name: str) -> str:
    return f"`kpi fmt {quote(name)}` writes it in the one layout"

"""Write what was found into the places of what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from kpidsl import files
from kpidsl.diagnostics import Diagnostic, Edit, Source


@frozen
class Updated:
    """A spec file with other expectations than before."""

    name: str
    text: str
    edits: int


def updated(problems: Iterable[Diagnostic]) -> list[Updated]:
    """The files in which expectations differ from what was found, with that in their place. What is no value
    or word, and what could not be run, stays."""
    edits: dict[int, list[Edit]] = {}
    sources: dict[int, Source] = {}
    for problem in problems:
        for edit in problem.fix.edits if problem.code == "K650" and problem.fix is not None else ():
            source = edit.span.source
            sources[id(source)] = source
            edits.setdefault(id(source), []).append(edit)
    return [Updated(sources[at].name, _edited(sources[at], own), len(own)) for at, own in edits.items()]


def _edited(source: Source, edits: Iterable[Edit]) -> str:
    text = source.text
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def write(several: Iterable[Updated]) -> list[Diagnostic]:
    """Write the files, each whole or not at all; what could not be written."""
    found = (files.write(Path(one.name), one.text) for one in several)
    return [problem for problem in found if problem is not None]

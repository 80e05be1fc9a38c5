"""What the tests of reading share: a text goes in, nodes and diagnostics come out."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from kpidsl.diagnostics import Diagnostic, Report, Source
from kpidsl.syntax import nodes
from kpidsl.syntax.parse import parse

TOUR = (Path(__file__).parent / "tour.kpi").read_text("utf-8")


def read(text: str) -> tuple[nodes.File, list[Diagnostic]]:
    report = Report()
    return parse(Source("test.kpi", text), report), report.items


def good(text: str) -> tuple[nodes.Definition, ...]:
    """The definitions of a text that has to be without fault."""
    file, faults = read(dedent(text))
    assert not faults, faults
    return file.definitions


def only_fault(text: str) -> Diagnostic:
    """The diagnostic of a text that has to have exactly one."""
    _, faults = read(text)
    assert len(faults) == 1, faults
    return faults[0]


def mended(fault: Diagnostic) -> str:
    """The text after the fix."""
    assert fault.fix is not None
    text = fault.fix.edits[0].span.source.text
    for edit in sorted(fault.fix.edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text

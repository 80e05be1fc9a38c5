"""Findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

Of each level GitHub shows ten for a step, the first ones that it is given. So the errors come first, among
those of a level the ones on lines under review, and the rest is counted.
"""

from __future__ import annotations

from kpidsl.diagnostics import Diagnostic, Severity
from kpidsl.findings import Findings
from kpidsl.render.cells import Screen
from kpidsl.render.findings.places import message, spot, title

MOST = 10
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(found: Findings, _: Screen) -> str:
    """A line for each that GitHub shows, and a line that counts the others; nothing when clean."""
    shown = found.shown()
    lines: list[str] = []
    left: list[str] = []
    for severity, level in _LEVELS.items():
        of_level = [d for d in shown if d.severity is severity]
        of_level.sort(key=lambda d: not _under_review(found, d))
        lines += [_command(found, level, d) for d in of_level[:MOST]]
        if (more := len(of_level) - MOST) > 0:
            left.append(f"{more} more {level}{'s' if more > 1 else ''}")
    if left:
        lines.append(f"not annotated: {', '.join(left)}; GitHub shows {MOST} of each level for a step")
    return "".join(f"{line}\n" for line in lines)


def _under_review(found: Findings, diagnostic: Diagnostic) -> bool:
    place = spot(found, diagnostic)
    return bool(found.changed and place and found.changed(place.path, place.line))


def _command(found: Findings, level: str, diagnostic: Diagnostic) -> str:
    properties: dict[str, str | int] = {}
    if place := spot(found, diagnostic):
        properties = {"file": place.path, "line": place.line, "endLine": place.end_line}
        if place.line == place.end_line:  # columns of a range over several lines are refused
            properties |= {"col": place.column, "endColumn": place.end_column}
    properties["title"] = title(diagnostic)
    said = ",".join(f"{name}={in_property(str(value))}" for name, value in properties.items())
    return f"::{level} {said}::{in_data(message(diagnostic))}"


def in_data(text: str) -> str:
    """A text as what stands behind the last colons of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def in_property(text: str) -> str:
    """A text as the value of a property, which colons and commas would end."""
    return in_data(text).replace(":", "%3A").replace(",", "%2C")

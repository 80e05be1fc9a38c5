"""What would change in a file, as a person reads it."""

from __future__ import annotations

from difflib import unified_diff

from kpidsl.cli.console import Console
from kpidsl.diagnostics import Source


def patch(source: Source, text: str, screens: Console) -> str:
    """The unified diff from a source to a text."""
    old, new = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    lines = []
    for line in unified_diff(old, new, f"a/{source.name}", f"b/{source.name}"):
        body = line.rstrip("\n")
        style = (
            "bold" if line[:3] in ("---", "+++") else {"+": "green", "-": "red", "@": "cyan"}.get(line[0], "")
        )
        lines.append(screens.out.paint(body, style) + "\n")
        if not line.endswith("\n"):
            lines.append("\\ No newline at end of file\n")
    return "".join(lines)

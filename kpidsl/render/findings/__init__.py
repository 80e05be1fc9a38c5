"""What checks found, in every format: a module each, with `render(findings, screen)`.

`text`, `github`, `junit` and `markdown` are for people and say what people are shown; the others say all.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from kpidsl.findings import Findings
from kpidsl.render.cells import Screen

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown")


def renderers(found: Findings) -> dict[str, Callable[[Screen], str]]:
    """A function for each format, which is imported when it is called."""

    def renderer(name: str) -> Callable[[Screen], str]:
        def render(screen: Screen) -> str:
            text = import_module(f"{__name__}.{name}").render(found, screen)
            assert isinstance(text, str)
            return text

        return render

    return {name: renderer(name) for name in FORMATS}

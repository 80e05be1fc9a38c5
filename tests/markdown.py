"""Run the examples of a Markdown page.

A page is a shell session told in parts. Fenced blocks with these words after the fence mean:

* ```` ```kpi ```` a spec; ```` ```kpi base ```` one that every section of the page has; a section is a `##` heading.
* ```` ```kpi error K302 ```` a spec that must give this error (and it does not stay).
* ```` ```csv data/ads.csv ```` (or any other first word) with a path: a file of the page, from there on.
* ```` ```console ```` lines with `$ kpi ...` are run where the files are; what follows is their exact output.
* ```` ```python ```` is run there too.

Any other fence is only shown.
"""

from __future__ import annotations

import re
from pathlib import Path

from attrs import field, frozen

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## +(.+)$", re.MULTILINE)


@frozen
class Block:
    """A fenced block: the words behind the fence, its text, its line, and the section it stands in."""

    words: tuple[str, ...]
    body: str
    line: int
    section: str


@frozen
class Section:
    """What one section runs: `base` specs and files of the page before it, then its own blocks in order."""

    title: str
    base: tuple[Block, ...] = field(factory=tuple)
    own: tuple[Block, ...] = field(factory=tuple)


def blocks_of(text: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    headings = [(m.start(), m.group(1)) for m in _HEADING.finditer(text)]
    found = []
    for match in _FENCE.finditer(text):
        section = next((title for start, title in reversed(headings) if start < match.start()), "")
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(tuple(match["info"].split()), match["body"], line, section))
    return found


def sections_of(page: Path) -> list[Section]:
    """The sections of a page that have something to run."""
    base: list[Block] = []
    sections: dict[str, list[Block]] = {}
    before: dict[str, tuple[Block, ...]] = {}
    for block in blocks_of(page.read_text(encoding="utf-8")):
        before.setdefault(block.section, tuple(base))
        if block.words[:2] == ("kpi", "base") or is_file(block):
            base.append(block)
        sections.setdefault(block.section, []).append(block)
    return [Section(title, before[title], tuple(blocks)) for title, blocks in sections.items() if any(map(_runs, blocks))]


def is_file(block: Block) -> bool:
    """Whether a block is a file of the page."""
    return len(block.words) == 2 and "." in block.words[1] and block.words[0] not in ("kpi", "console")


def _runs(block: Block) -> bool:
    return is_file(block) or block.words[:1] in (("kpi",), ("console",), ("python",))


def commands_of(block: Block) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output it must print."""
    parts = re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]
    return [(command.strip(), output) for command, _, output in (part.partition("\n") for part in parts)]

"""Run the examples of a Markdown page.

A page is a shell session told in parts. Fenced blocks with these words after the fence mean:

* ```` ```kpi ```` a spec; ```` ```kpi base ```` one that every section of the page has; a section is a `##`
  heading.
* ```` ```kpi error K302 ```` a spec that must give this error (and it does not stay).
* ```` ```kpi goals.kpi ```` a spec file of that name; ```` ```kpi add goals.kpi ```` definitions that are
  added to it, or take the place of those with their names.
* ```` ```csv data/ads.csv ```` (or any other first word) with a path: a file of the page, from there on; a
  third word is its encoding.
* ```` ```console ```` lines with `$ kpi ...` are run where the files are; what follows is their exact
  output, standard output and errors together. `$ kpi lint; echo $?` shows the exit code; pipes work.
* ```` ```python ```` is run there too; the blocks of a section share their names. What it prints stands in
  the ```` ```output ```` block after it, if there is one.

A page with the line `<!-- one folder -->` is one session from top to bottom, rather than one for each
section. Any other fence is only shown.
"""

from __future__ import annotations

import re
from pathlib import Path

from attrs import field, frozen

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
_ONE_FOLDER = "<!-- one folder -->"
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
    whole: bool = False
    """Whether it is the page from top to bottom."""


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
    text = page.read_text(encoding="utf-8")
    if _ONE_FOLDER in text:
        return [Section("one folder", (), tuple(blocks_of(text)), whole=True)]
    base: list[Block] = []
    sections: dict[str, list[Block]] = {}
    before: dict[str, tuple[Block, ...]] = {}
    for block in blocks_of(text):
        before.setdefault(block.section, tuple(base))
        if block.words[:2] == ("kpi", "base") or is_file(block):
            base.append(block)
        sections.setdefault(block.section, []).append(block)
    return [
        Section(title, before[title], tuple(blocks))
        for title, blocks in sections.items()
        if any(map(_runs, blocks))
    ]


def is_file(block: Block) -> bool:
    """Whether a block is a file of the page."""
    return len(block.words) in (2, 3) and "." in block.words[1] and block.words[0] != "console"


def _runs(block: Block) -> bool:
    return is_file(block) or block.words[:1] in (("kpi",), ("console",), ("python",))


def commands_of(block: Block) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output it must print."""
    parts = re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]
    return [(command.strip(), output) for command, _, output in (part.partition("\n") for part in parts)]


def definitions_of(text: str) -> dict[str, str]:
    """The definitions of a spec by their first two words, each with the comments above it."""
    found: dict[str, str] = {}
    for part in re.split(r"^(?=(?:#.*\n)*[^\W\d])", text, flags=re.MULTILINE):
        opened = re.search(r"^[^\W\d]\w* *[^\s=]*", part, re.MULTILINE)
        if opened:
            found[opened[0]] = part.strip() + "\n"
    return found

"""Text in cells of a terminal: how wide it is, how it is cut, wrapped and coloured.

Whatever comes from a spec or from data goes through `clean` before it is shown, so that no escape sequence
of a stranger's file reaches the terminal.
"""

from __future__ import annotations

import unicodedata

from attrs import frozen

from kpidsl.records import Record

TAB = "    "
_RESET = "\x1b[0m"
_STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
    "bold red": "1;31",
    "bold green": "1;32",
    "bold yellow": "1;33",
    "bold blue": "1;34",
    "bold cyan": "1;36",
}
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


@frozen(repr=False)
class Screen(Record):
    """What the output can show. The default is a pipe: 100 cells, no colour, all of Unicode."""

    width: int = 100
    color: bool = False
    unicode: bool = True

    def paint(self, text: str, style: str) -> str:
        """The text in a style of the list above; unchanged without colour, or where the style is empty."""
        return f"\x1b[{_STYLES[style]}m{text}{_RESET}" if self.color and style and text else text


def clean(text: str, *, tab: str = TAB) -> str:
    """Tabs as spaces, control and direction characters as visible signs, for one line of output."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char, tab) for char in text)


def _visible(char: str, tab: str) -> str:
    if char == "\t":
        return tab
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0 or char in _BIDI or char in "\u2028\u2029" or 0xD800 <= code < 0xE000:
        return "\ufffd"
    return char


def width(text: str) -> int:
    """How many cells a cleaned text takes: wide characters two, combining ones none."""
    return len(text) if text.isascii() else edges(text)[-1]


def edges(text: str) -> list[int]:
    """The cell each character of a cleaned text starts in, and at last the cell where the text ends."""
    found, joined = [0], False
    for char in text:
        found.append(found[-1] + (0 if joined else _cells(char)))
        joined = char == "\u200d"  # an emoji joined to the one before shares its cells
    return found


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """The text with spaces up to a width, on its left when it is to stand at the right."""
    space = " " * max(0, cells - width(text))
    return space + text if right else text + space


def clip(text: str, cells: int) -> str:
    """The text, cut with an ellipsis where it is wider than that."""
    if width(text) <= cells:
        return text
    kept, total = [], 1
    for char in text:
        total += _cells(char)
        if total > cells:
            break
        kept.append(char)
    return "".join(kept).rstrip() + "…"


def size(count: float) -> str:
    """Bytes in three digits: `1.23 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def wrap(text: str, cells: int) -> list[str]:
    """Lines of at most that width, broken at spaces, and inside a word only where the word alone is too wide.

    No lines for a text without words.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width(joined) <= cells:
            line = joined
            continue
        if line:
            lines.append(line)
        while width(word) > cells:
            head = _head(word, cells)
            lines.append(head)
            word = word[len(head) :]
        line = word
    return [*lines, line] if line else lines


def _head(word: str, cells: int) -> str:
    total = 0
    for index, char in enumerate(word):
        total += _cells(char)
        if total > cells:
            return word[: max(index, 1)]
    return word

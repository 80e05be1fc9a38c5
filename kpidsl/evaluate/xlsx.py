"""What the reader of workbooks does not tell of .xlsx: which cells hold an error, which show a percentage.

A cell formatted as a percentage holds 0.042 and shows 4.2 %; one that is not may hold 4.2. Only the format
tells them apart. The format is ECMA-376; other kinds of workbooks have no marks here.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from attrs import field, frozen

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BUILT_IN = frozenset((9, 10))  # 0% and 0.00%
_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_REFERENCE = re.compile(r"([A-Z]+)(\d+)")


@frozen
class Marks:
    """Cells by row and column, both from 1."""

    errors: Mapping[tuple[int, int], str] = field(factory=dict)
    percents: frozenset[tuple[int, int]] = frozenset()


def unpacked(path: Path) -> int:
    """How many bytes the parts of a workbook have once they are unpacked; 0 for what is no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        return 0


def marks(path: Path, sheet: str) -> Marks:
    """The marks of a sheet; none if the file is not laid out as .xlsx files are."""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return Marks()
    try:
        with zipfile.ZipFile(path) as archive:
            part, percent_styles = _part(archive, sheet), _percent_styles(archive)
            if part is None or not (percent_styles or _has_errors(archive, part)):
                return Marks()
            return _cells(archive, part, percent_styles)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError):
        return Marks()


def _part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    wanted = next((s.get(_RELATION) for s in book.iter(f"{_MAIN}sheet") if s.get("name") == sheet), None)
    for relation in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):
        if relation.get("Id") == wanted:
            return posixpath.normpath(posixpath.join("/xl", relation.get("Target", ""))).lstrip("/")
    return None


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    """The numbers of the cell styles whose number format shows a percentage."""
    styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    formats = {
        int(f.get("numFmtId", -1)) for f in styles.iter(f"{_MAIN}numFmt") if "%" in f.get("formatCode", "")
    }
    uses = styles.find(f"{_MAIN}cellXfs")
    return frozenset(
        i for i, use in enumerate(uses or ()) if int(use.get("numFmtId", 0)) in formats | _BUILT_IN
    )


def _has_errors(archive: zipfile.ZipFile, part: str) -> bool:
    """Whether any cell may hold an error: a look at the text, which is far quicker than parsing it."""
    end = b""
    with archive.open(part) as xml:
        while piece := xml.read(1 << 20):
            if _ERROR.search(end + piece):
                return True
            end = piece[-50:]
    return False


def _cells(archive: zipfile.ZipFile, part: str, percent_styles: frozenset[int]) -> Marks:
    errors: dict[tuple[int, int], str] = {}
    percents: set[tuple[int, int]] = set()
    with archive.open(part) as xml:
        for _, element in ElementTree.iterparse(xml):
            if element.tag == f"{_MAIN}c" and (found := _REFERENCE.fullmatch(element.get("r", ""))):
                where = (int(found[2]), _number_of(found[1]))
                if element.get("t") == "e":
                    errors[where] = element.findtext(f"{_MAIN}v") or "#ERROR!"
                elif int(element.get("s", 0)) in percent_styles:
                    percents.add(where)
            elif element.tag == f"{_MAIN}row":
                element.clear()  # a sheet may have a million rows
    return Marks(errors, frozenset(percents))


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number

"""Write one sheet as an Excel workbook with the standard library, the same bytes each time.

A workbook is a zip of XML files. Nothing is compressed, for two versions of zlib may compress differently.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org"
LINK = f"{OFFICE}/officeDocument/2006/relationships"
MAIN = f'xmlns="{OFFICE}/spreadsheetml/2006/main"'
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": f'{XML}<Types xmlns="{OFFICE}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{TYPES}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TYPES}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'{XML}<Relationships xmlns="{OFFICE}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{LINK}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{XML}<workbook {MAIN} xmlns:r="{LINK}"><sheets>'
    '<sheet name="Answers" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{OFFICE}/package/2006/relationships">'
    + "".join(
        f'<Relationship Id="rId{n}" Type="{LINK}/{kind}" Target="{target}"/>'
        for n, kind, target in (
            (1, "worksheet", "worksheets/sheet1.xml"),
            (2, "styles", "styles.xml"),
            (3, "sharedStrings", "sharedStrings.xml"),
        )
    )
    + "</Relationships>",
    "xl/styles.xml": f'{XML}<styleSheet {MAIN}><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


def cell(place: str, value: object, strings: dict[str, int]) -> str:
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="s"><v>{strings.setdefault(value, len(strings))}</v></c>' if value else ""
    return f'<c r="{place}"><v>{value}</v></c>'


def sheet(table: Sequence[Sequence], strings: dict[str, int]) -> str:
    """The rows as XML; each text gets a number in `strings`."""
    rows = []
    for number, values in enumerate(table, start=1):
        cells = (cell(f"{chr(65 + n)}{number}", value, strings) for n, value in enumerate(values))
        rows.append(f'<row r="{number}">{"".join(cells)}</row>')
    return f"{XML}<worksheet {MAIN}><sheetData>{''.join(rows)}</sheetData></worksheet>"


def workbook(table: Sequence[Sequence]) -> bytes:
    """A workbook with the one sheet `Answers`; the first row is the header."""
    strings: dict[str, int] = {}
    parts = {**PARTS, "xl/worksheets/sheet1.xml": sheet(table, strings)}
    texts = "".join(f"<si><t>{text}</t></si>" for text in strings)
    parts["xl/sharedStrings.xml"] = f'{XML}<sst {MAIN} uniqueCount="{len(strings)}">{texts}</sst>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, text.encode())
    return buffer.getvalue()

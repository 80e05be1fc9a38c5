"""The catalogue of everything kpidsl may report: a code, a name, how much it weighs, and one sentence.

Codes and names are stable: both are accepted wherever a rule is named, and neither is ever given another meaning.
Families: K0xx files, K1xx syntax.
"""

from __future__ import annotations

from attrs import frozen

from kpidsl.diagnostics import Severity


@frozen
class Code:
    """One thing that can be reported."""

    code: str
    name: str
    severity: Severity
    summary: str


CATALOGUE: dict[str, Code] = {}
"""Every code, by its code."""


def _family(*rows: tuple[str, str, Severity, str]) -> None:
    for row in rows:
        CATALOGUE[row[0]] = Code(*row)



# -- K5xx: sources and data ---------------------------------------------------------------------------------

_family(
    ("K501", "no-data-file", Severity.ERROR, "No file matches the pattern of a source."),
    ("K502", "outside-project", Severity.ERROR, "A source names a file that is not below the project's folder."),
    ("K503", "unreadable-file", Severity.ERROR, "A data file cannot be opened."),
    ("K504", "unknown-format", Severity.ERROR, "The suffix of a data file tells no format that can be read."),
    ("K505", "missing-column", Severity.ERROR, "The data has no column of a declared name."),
    ("K506", "repeated-column", Severity.ERROR, "A header names a declared column twice."),
    ("K507", "not-a-number", Severity.ERROR, "A cell of a number column cannot be read as a number."),
    ("K508", "not-a-date", Severity.ERROR, "A cell of a day or moment column cannot be read as a date."),
    ("K509", "not-a-flag", Severity.ERROR, "A cell of a flag column says neither yes nor no."),
    ("K510", "empty-file", Severity.ERROR, "A data file has no header."),
    ("K511", "ragged-row", Severity.ERROR, "A row has more or fewer cells than the header."),
    ("K512", "wrong-encoding", Severity.ERROR, "A data file has bytes that its encoding does not have."),
    ("K513", "broken-file", Severity.ERROR, "A data file is damaged or is not of the format its suffix says."),
    ("K514", "missing-sheet", Severity.ERROR, "A workbook has no sheet of that name."),
    ("K515", "unknown-connection", Severity.ERROR, "The config names no connection of that name."),
    ("K516", "unsupported-connection", Severity.ERROR, "A connection is of a kind that cannot be read."),
    ("K517", "missing-table", Severity.ERROR, "A database has no table of that name."),
    ("K518", "wrong-column-type", Severity.ERROR, "A typed column cannot hold what the spec says it holds."),
    ("K519", "missing-words", Severity.WARNING, "Cells such as N/A were read as missing values."),
    ("K520", "repeated-key", Severity.WARNING, "Rows repeat a key that the source promises to be unique."),
    ("K521", "incomplete", Severity.WARNING, "A source lacks periods that it promises to have."),
    ("K522", "ambiguous-link", Severity.ERROR, "The far key of a link is not unique: rows would be multiplied."),
    ("K523", "stale-source", Severity.WARNING, "The newest row of a source is older than it promises."),
    ("K524", "rows-without-time", Severity.WARNING, "Rows without a time belong to no period."),
    ("K525", "percent-or-fraction", Severity.WARNING, "A column of percents holds what look like fractions."),
    ("K526", "wrong-option", Severity.ERROR, "An option of a source cannot be used."),
    ("K527", "unsupported-data", Severity.ERROR, "An object given as data is no table that can be read."),
)


# -- K6xx: evaluation ---------------------------------------------------------------------------------------

_family(
    ("K601", "query-failed", Severity.ERROR, "The engine could not run a query on a source."),
    ("K602", "out-of-memory", Severity.ERROR, "A query needs more memory than it is allowed."),
    ("K603", "source-without-time", Severity.ERROR, "A measure of a source whose rows have no time has no periods."),
    ("K604", "check-broken", Severity.WARNING, "Rows of a source break one of its `check` conditions."),
    ("K605", "check-not-run", Severity.WARNING, "A `check` condition could not be asked of the data."),
)

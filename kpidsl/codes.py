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


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

# -- K7xx: config, command line, files and what a call asks for (config, project, cli, api) ---------------------

_family(
    ("K701", "config-syntax", _E, "The config is not a TOML document."),
    ("K702", "config-unknown-key", _E, "The config has a key that means nothing."),
    ("K703", "config-wrong-value", _E, "A key of the config has a value of another kind than it needs."),
    ("K704", "environment-missing", _E, "A connection's url names an environment variable that is not set."),
    ("K710", "path-missing", _E, "A path that was given does not exist."),
    ("K711", "file-unreadable", _E, "A spec file cannot be opened, or is not UTF-8 text."),
    ("K712", "no-specs", _E, "There is no spec file under the paths that were given."),
    ("K713", "file-unwritable", _E, "An output cannot be written."),
    ("K720", "unknown-kpi", _E, "A KPI that was asked for is not defined."),
    ("K721", "wrong-date", _E, "The as-of date or the period that was asked for cannot be read."),
    ("K722", "unknown-dimension", _E, "The sources of a KPI lack the column that values are to be split by."),
    ("K723", "unknown-source", _E, "Data was given for a source that is not defined."),
    ("K724", "wrong-data", _E, "What was given as the data of a source is no table."),
    ("K725", "wrong-slice", _E, "A slice that was asked for is not among the KPI's."),
    ("K730", "not-formatted", _E, "A spec file differs from how the formatter writes it."),
    ("K740", "extra-missing", _E, "A conversion needs a library that is not installed."),
    ("K799", "internal-error", _E, "kpidsl met something it does not expect; the fault is its own."),
)

"""The catalogue of everything kpidsl may report: a code, a name, how much it weighs, and one sentence.

Codes and names are stable: both are accepted wherever a rule is named, and neither ever gets another meaning.
Families: K0xx files, K1xx syntax, K2xx names, K3xx types and units, K4xx promises, K5xx sources and data,
K6xx evaluation, K7xx configuration and command line.
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


_E = Severity.ERROR

_SYNTAX = (
    Code("K001", "file-too-large", _E, "A spec file is larger than is read."),
    Code("K100", "syntax", _E, "A line does not say what its clause takes."),
    Code("K101", "unknown-definition", _E, "A line at the margin opens no definition."),
    Code("K102", "unknown-clause", _E, "A line under a definition opens no clause."),
    Code("K103", "misplaced-clause", _E, "A clause stands under a definition that does not take it."),
    Code("K104", "clause-at-margin", _E, "A clause is not indented under its definition."),
    Code("K105", "indentation", _E, "A line is indented more or less than the lines it belongs to."),
    Code("K106", "tab", _E, "A tab stands where spaces belong."),
    Code("K107", "missing-name", _E, "A definition has no name."),
    Code("K108", "no-clauses", _E, "A definition says nothing but its name."),
    Code("K109", "repeated-clause", _E, "A clause that holds once is written twice."),
    Code("K110", "unclosed-quote", _E, "A quote or backtick is not closed on its line."),
    Code("K111", "unclosed-parenthesis", _E, "A parenthesis is opened and not closed."),
    Code("K112", "stray-parenthesis", _E, "A parenthesis is closed that was not opened."),
    Code("K113", "foreign-punctuation", _E, "A colon, brace, dash or semicolon of another language."),
    Code("K114", "number-format", _E, "A number with a decimal comma or with blanks between its digits."),
    Code("K115", "quote-style", _E, "A text in typographic or single quotes."),
    Code("K116", "foreign-operator", _E, "An operator of another language."),
    Code("K117", "invisible-character", _E, "A character that cannot be seen or is no plain space."),
    Code("K118", "target-direction", _E, "A promise without `at least`, `at most` or another direction."),
    Code("K119", "period-format", _E, "A period that is not written as periods are."),
    Code("K120", "dotted-name", _E, "A dot in a name that is introduced, or that is no path."),
    Code("K121", "operator-order", _E, "Operators and words of a formula in an order that means nothing."),
    Code("K122", "nested-too-deeply", _E, "An expression nested more deeply than is read."),
    Code("K123", "foreign-comment", _E, "A comment that does not begin with `#`."),
    Code("K124", "currency-sign", _E, "A currency sign in place of the currency's three letters."),
    Code("K125", "unknown-word", _E, "A word that resembles one that is expected there."),
)

CATALOGUE: dict[str, Code] = {code.code: code for code in (*_SYNTAX,)}
"""Every code, by its code."""

"""The catalogue of everything kpidsl may report: a code, a name, how much it weighs, and one sentence.

Codes and names are stable: both are accepted wherever a rule is named, and neither ever gets another meaning.
Families: K0xx files, K1xx syntax, K2xx names, K3xx types and units, K4xx promises, K5xx sources and data,
K6xx evaluation, K7xx configuration and command line.
"""

from __future__ import annotations

from attrs import frozen

from kpidsl.diagnostics import Severity
from kpidsl.records import Record


@frozen(repr=False)
class Code(Record):
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
    Code(
        "K114",
        "number-format",
        _E,
        "A number is not written in full, with digits, `_` and a decimal point.",
    ),
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
    Code("K126", "unresolved-merge", _E, "A file has the marks of a merge that nobody has resolved."),
)

CATALOGUE: dict[str, Code] = {code.code: code for code in (*_SYNTAX,)}
"""Every code, by its code."""


def _family(*rows: tuple[str, str, Severity, str]) -> None:
    for row in rows:
        CATALOGUE[row[0]] = Code(*row)


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO


# -- K2xx: names (compile)
# ------------------------------------------------------------------------------------------
_family(
    ("K201", "defined-twice", _E, "A name, or a column of a source, is defined more than once."),
    ("K202", "unknown-name", _E, "Nothing, or nothing of the kind that is needed, has this name."),
    ("K203", "unknown-column", _E, "The source has no such column."),
    ("K204", "ambiguous-column", _E, "Several sources that a source belongs to have the column."),
    ("K205", "unknown-source", _E, "There is no source of this name."),
    ("K206", "reference-cycle", _E, "A definition rests on itself, directly or through others."),
    ("K207", "unknown-function", _E, "There is no function of this name."),
    ("K208", "import-outside", _E, "An import leads out of the project's folder."),
    ("K209", "import-missing", _E, "An imported file does not exist."),
    ("K210", "second-calendar", _E, "A project has one calendar."),
    (
        "K211",
        "unknown-word",
        _E,
        "A period, stage, month, day of the week, time zone, country or region that does not exist.",
    ),
    ("K212", "said-twice", _E, "A clause, option, dimension or member that may stand once stands twice."),
    ("K213", "missing-clause", _E, "A definition lacks a clause that it cannot do without."),
    (
        "K215",
        "rests-on-broken",
        _E,
        "A definition could not be read, or rests on one that has an error; told there, and not again.",
    ),
    ("K217", "link-twice", _E, "A source belongs to itself, or to another one twice."),
    (
        "K220",
        "not-gathered",
        _E,
        "A column of a grouped source does not say how it is made of the rows grouped.",
    ),
    ("K219", "no-dimension", _E, "A source of the formula lacks the column that the KPI is split by."),
)


# -- K3xx: types and units (compile)
# --------------------------------------------------------------------------------
_family(
    ("K301", "unit-mismatch", _E, "Two values with different units are added, subtracted or compared."),
    ("K302", "missing-unit", _E, "A number without a unit meets a value that has one."),
    ("K303", "declared-unit", _E, "The declared unit is not the unit of the formula."),
    ("K304", "not-a-unit", _E, "These words are not a unit."),
    (
        "K305",
        "wrong-type",
        _E,
        "A value is of another type than what is needed: text for a number, a day for a text.",
    ),
    ("K306", "condition-expected", _E, "A value stands where a condition is needed."),
    ("K307", "number-expected", _E, "A condition, text or period stands where a number is needed."),
    (
        "K308",
        "column-outside-aggregate",
        _E,
        "A column stands in a formula without an aggregation around it.",
    ),
    ("K309", "nested-aggregate", _E, "What is aggregated already is aggregated once more."),
    (
        "K310",
        "wrong-level",
        _E,
        "Something about many rows stands where one row is looked at, or the reverse.",
    ),
    ("K311", "wrong-arguments", _E, "A function is called with too many, too few or unfitting arguments."),
    ("K312", "does-not-add-up", _E, "Values that do not add up are totalled."),
    ("K313", "no-rows", _E, "A constant has no rows to restrict or to split."),
    ("K314", "sum-of-rates", _W, "A column whose unit is a rate is summed."),
    ("K315", "number-too-large", _E, "A number is larger than numbers can be."),
    ("K316", "division-by-zero", _E, "The divisor is always zero."),
    ("K317", "not-linked", _E, "One expression reads columns of sources that are not linked."),
    ("K318", "not-a-period", _E, "A period does not exist, or is longer than the day that is needed."),
    ("K319", "not-constant", _E, "A constant is computed from data."),
    ("K320", "wrong-place", _E, "A source, objective, `when` or `where` stands where it means nothing."),
    ("K321", "test-table", _E, "A table of a test does not fit its source."),
    ("K323", "too-deep", _E, "An expression, with all that it refers to, is nested too deeply."),
    ("K324", "too-large", _E, "An expression or a unit, with all that it refers to, has too many parts."),
    ("K325", "other-identity", _E, "The steps of a path identify different things."),
    ("K326", "same-step", _E, "Two steps of a path that follow each other have the same rows."),
    ("K322", "bad-option", _E, "An option of a file has a value that it cannot have."),
)


# -- K4xx: promises (compile)
# ---------------------------------------------------------------------------------------
_family(
    ("K401", "target-unit", _E, "A target, tolerance or baseline is not in the unit of the KPI."),
    ("K402", "points-of-no-percentage", _E, "Points are asked of a KPI that is no percentage."),
    ("K403", "negative-tolerance", _E, "A tolerance is negative."),
    ("K404", "reversed-bounds", _E, "The lower bound is above the upper one."),
    ("K405", "slice-twice", _E, "A slice has two targets."),
    ("K406", "no-baseline", _E, "A target changes a baseline that is not said."),
    ("K407", "useless-baseline", _W, "A baseline that no target changes."),
    ("K408", "baseline-overlaps", _W, "The baseline reaches into the time of the promise."),
    ("K409", "deadline-before-start", _E, "The deadline is before the start."),
    ("K410", "no-start", _E, "What is measured cumulatively has no day to begin."),
    ("K411", "milestone-order", _E, "Milestones are not in the order of time, or outside of the promise."),
    ("K412", "pace-without-addition", _E, "A pace is asked of a formula that does not add up over time."),
    ("K414", "bad-weight", _E, "A weight is not a positive number."),
    ("K415", "bad-share", _E, "The share of KPIs to be met is not between 0% and 100%."),
    ("K416", "draft-in-objective", _W, "An objective names a draft, which does not count."),
    ("K418", "slices-of-two-dimensions", _E, "Targets per slice stand under more than one dimension."),
    ("K419", "useless-tolerance", _W, "A tolerance without a target."),
    ("K461", "cannot-assume", _E, "A scenario assumes what no formula can have in that place."),
    ("K462", "no-goal", _E, "Nothing says what a scenario expects or looks for, or it is no number."),
    ("K465", "contradictory-member", _E, "A member of an objective has roles that contradict each other."),
    ("K466", "nothing-counts", _E, "All members of an objective are there for information only."),
    ("K480", "empty-test", _W, "A test expects nothing."),
    ("K481", "test-value", _E, "What a test expects is computed from data instead of being a number."),
    ("K482", "unknown-diagnostic", _E, "A test expects a diagnostic that there is none of."),
    ("K420", "bad-window", _E, "A sliding window is not made of whole periods."),
    ("K421", "no-change", _E, "A change that is zero or negative."),
    (
        "K430",
        "bad-occurrence",
        _E,
        "An occurrence of a named period ends before it starts, or overlaps another.",
    ),
    ("K431", "no-business-day", _E, "A calendar has a weekend of seven days."),
    ("K440", "unattainable", _W, "A target cannot be kept where those of its drivers are."),
    ("K441", "growth-never-seen", _W, "A target needs more growth per period than the data has ever had."),
    ("K442", "rate-never-seen", _W, "A target needs more per period than the best period ever had."),
    (
        "K443",
        "baseline-without-use",
        _W,
        "In the data, the baseline of a change is zero, negative or absent.",
    ),
    ("K445", "target-of-period", _E, "The targets of periods overlap, or do not say what a window owes."),
    ("K446", "bad-pace-share", _E, "The shares of a pace are no part of a total, or do not rise to it."),
    ("K447", "useless-pace", _W, "A pace without a target."),
    ("K450", "no-interval", _E, "`confident` is asked of a formula that has no confidence interval."),
    ("K451", "wrong-sample", _E, "A sample is asked for in things that the formula does not count."),
    ("K452", "wrong-level", _E, "A level of confidence is not from 50% to less than 100%."),
    ("K453", "nothing-to-be-sure-of", _W, "`confident` or `sample` where nothing is promised."),
    ("K454", "wrong-scale", _E, "A scale is not of a number column, or its ends are the wrong way round."),
    (
        "K455",
        "nothing-to-forecast",
        _W,
        "A forecast is asked for where there is no deadline to look ahead to.",
    ),
    ("K457", "score-without-scale", _W, "A score of a survey is a column of which no scale is said."),
    ("K456", "no-forecast", _E, "A forecast is asked of a total of periods that does not add up."),
)

# -- K5xx: sources and data ---------------------------------------------------------------------------------

_family(
    ("K501", "no-data-file", Severity.ERROR, "No file matches the pattern of a source."),
    (
        "K502",
        "outside-project",
        Severity.ERROR,
        "A source names a file that is not below the project's folder.",
    ),
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
    (
        "K513",
        "broken-file",
        Severity.ERROR,
        "A data file is damaged or is not of the format its suffix says.",
    ),
    ("K514", "missing-sheet", Severity.ERROR, "A workbook has no sheet of that name."),
    ("K515", "unknown-connection", Severity.ERROR, "The config names no connection of that name."),
    ("K516", "unsupported-connection", Severity.ERROR, "A connection is of a kind that cannot be read."),
    ("K517", "missing-table", Severity.ERROR, "A database has no table of that name."),
    ("K518", "wrong-column-type", Severity.ERROR, "A typed column cannot hold what the spec says it holds."),
    ("K519", "missing-words", Severity.WARNING, "Cells such as N/A were read as missing values."),
    ("K520", "repeated-key", Severity.WARNING, "Rows repeat a key that the source promises to be unique."),
    ("K521", "incomplete", Severity.WARNING, "A source lacks periods that it promises to have."),
    (
        "K522",
        "ambiguous-link",
        Severity.ERROR,
        "The far key of a link is not unique: rows would be multiplied.",
    ),
    ("K523", "stale-source", Severity.WARNING, "The newest row of a source is older than it promises."),
    ("K524", "rows-without-time", Severity.WARNING, "Rows without a time belong to no period."),
    ("K525", "percent-or-fraction", Severity.WARNING, "A column of percents holds what look like fractions."),
    ("K526", "wrong-option", Severity.ERROR, "An option of a source cannot be used."),
    ("K529", "row-count", Severity.WARNING, "A source has more or fewer rows in a period than it promises."),
    (
        "K528",
        "rows-without-key",
        Severity.WARNING,
        "Rows lack a value that they are to be grouped by, and make no row of the grouped source.",
    ),
    ("K527", "unsupported-data", Severity.ERROR, "An object given as data is no table that can be read."),
    (
        "K530",
        "missing-driver",
        Severity.ERROR,
        "A connection needs a library, or Java, that is not installed.",
    ),
    (
        "K531",
        "no-answer",
        Severity.ERROR,
        "A database cannot be reached, does not let its user in, or was lost in the middle of a query.",
    ),
    ("K532", "no-permission", Severity.ERROR, "The user of a connection may not read a table."),
    ("K540", "off-scale", Severity.WARNING, "Values lie outside of the scale of their column."),
    ("K541", "no-such-value", Severity.WARNING, "A condition or a slice names a value that no row has."),
    (
        "K533",
        "too-many-rows",
        Severity.ERROR,
        "A source is too large to be copied to where those of another engine are.",
    ),
)


# -- K6xx: evaluation ---------------------------------------------------------------------------------------

_family(
    ("K601", "query-failed", Severity.ERROR, "The engine could not run a query on a source."),
    ("K602", "out-of-memory", Severity.ERROR, "A query needs more memory than it is allowed."),
    (
        "K603",
        "source-without-time",
        Severity.ERROR,
        "A measure of a source whose rows have no time has no periods.",
    ),
    ("K604", "check-broken", Severity.WARNING, "Rows of a source break one of its `check` conditions."),
    ("K606", "too-many-slices", Severity.ERROR, "A KPI falls into more slices than are judged."),
    ("K607", "timeout", Severity.ERROR, "The evaluation, or a query, took longer than it is allowed."),
    (
        "K608",
        "disk-fault",
        Severity.ERROR,
        "An engine could not read from or write to a disk: it is full, say.",
    ),
    ("K609", "query-stopped", Severity.ERROR, "A database stopped a query that took too long for it."),
    ("K605", "check-not-run", Severity.WARNING, "A `check` condition could not be asked of the data."),
    (
        "K620",
        "store-unusable",
        Severity.WARNING,
        "What was kept of files cannot be used: it is damaged, locked or something else.",
    ),
    ("K621", "store-unwritable", Severity.WARNING, "What was read of files cannot be kept."),
    ("K630", "assumed-in-vain", Severity.ERROR, "No KPI rests on what is assumed or looked for."),
    ("K650", "test-failed", Severity.ERROR, "A test finds something else than it expects."),
    ("K651", "test-not-run", Severity.ERROR, "A test cannot be run, or what it asks for cannot be computed."),
    ("K652", "untested-kpi", Severity.WARNING, "No test expects anything of a KPI."),
    (
        "K653",
        "one-sided-filter",
        Severity.WARNING,
        "No test has a row that a filter keeps, or none has one that it leaves out.",
    ),
    ("K654", "unnoticed-change", Severity.WARNING, "A change of a KPI is noticed by none of its tests."),
    ("K655", "too-little-coverage", Severity.ERROR, "Tests look at less of the KPIs than is asked for."),
    ("K610", "dialect-cannot", Severity.ERROR, "A KPI needs what an SQL dialect has no way to say."),
    (
        "K640",
        "change-unknown",
        Severity.ERROR,
        "A change between two periods was asked for, and there is no value in one of them.",
    ),
)


# -- K7xx: config, command line, files and what a call asks for (config, project, cli, api)
# ---------------------

_family(
    ("K701", "config-syntax", Severity.ERROR, "The config is not a TOML document."),
    ("K702", "config-unknown-key", Severity.ERROR, "The config has a key that means nothing."),
    (
        "K703",
        "config-wrong-value",
        Severity.ERROR,
        "A key of the config has a value of another kind than it needs.",
    ),
    (
        "K704",
        "environment-missing",
        Severity.ERROR,
        "A connection's url names an environment variable that is not set.",
    ),
    ("K705", "no-scratch", Severity.ERROR, "There is no folder for temporary files."),
    (
        "K706",
        "password-written-out",
        Severity.WARNING,
        "The url of a connection holds a password instead of an environment variable.",
    ),
    (
        "K707",
        "config-not-extended",
        Severity.ERROR,
        "The file that a config extends is missing, is no config, or extends that config in turn.",
    ),
    ("K710", "path-missing", Severity.ERROR, "A path that was given does not exist."),
    ("K711", "file-unreadable", Severity.ERROR, "A spec file cannot be opened, or is not UTF-8 text."),
    ("K712", "no-specs", Severity.ERROR, "There is no spec file under the paths that were given."),
    ("K713", "file-unwritable", Severity.ERROR, "An output cannot be written."),
    ("K714", "several-projects", Severity.ERROR, "The spec files that were given have several configs."),
    ("K720", "unknown-kpi", Severity.ERROR, "A KPI that was asked for is not defined."),
    ("K721", "wrong-date", Severity.ERROR, "The as-of date or the period that was asked for cannot be read."),
    (
        "K722",
        "unknown-dimension",
        Severity.ERROR,
        "The sources of a KPI lack the column that values are to be split by.",
    ),
    ("K723", "unknown-source", Severity.ERROR, "Data was given for a source that is not defined."),
    ("K724", "wrong-data", Severity.ERROR, "What was given as the data of a source is no table."),
    ("K725", "wrong-slice", Severity.ERROR, "A slice that was asked for is not among the KPI's."),
    ("K726", "wrong-assumption", Severity.ERROR, "An assumption is not of the form NAME=VALUE."),
    ("K727", "unknown-scenario", Severity.ERROR, "A scenario that was asked for is not in the specs."),
    ("K728", "unknown-test", Severity.ERROR, "No test has the title that was asked for."),
    ("K730", "not-formatted", Severity.ERROR, "A spec file differs from how the formatter writes it."),
    ("K740", "extra-missing", Severity.ERROR, "A conversion needs a library that is not installed."),
    (
        "K780",
        "unknown-rule",
        Severity.ERROR,
        "The config or an option names a lint rule that does not exist.",
    ),
    (
        "K781",
        "bad-rule",
        Severity.ERROR,
        "A lint rule that the config declares, or that a package brings, cannot be used.",
    ),
    (
        "K782",
        "rule-failed",
        Severity.ERROR,
        "A lint rule that a package brings ended with an error of its own.",
    ),
    ("K783", "bad-baseline", Severity.ERROR, "The baseline of lint cannot be read, or would have to grow."),
    ("K784", "fix-refused", Severity.WARNING, "A fix would change what is computed, and is left out."),
    (
        "K799",
        "internal-error",
        Severity.ERROR,
        "kpidsl met something it does not expect; the fault is its own.",
    ),
)


# -- K75x, K76x: versions of the specs (git, revision, diff) ------------------------------------------------

_family(
    ("K750", "no-git", Severity.ERROR, "A version of the specs is asked for, and git is not installed."),
    (
        "K751",
        "no-repository",
        Severity.ERROR,
        "The folder is in no git repository, or git refuses to read it.",
    ),
    ("K752", "unknown-ref", Severity.ERROR, "There is no such commit here, or no such path in it."),
    ("K753", "history-ends", Severity.WARNING, "The repository does not reach far enough back."),
    ("K754", "git-failed", Severity.ERROR, "Git could not be run, or could not read the repository."),
    ("K755", "wrong-approval", Severity.ERROR, "An approval lacks what it needs, or is not written as one."),
    (
        "K756",
        "approval-over",
        Severity.WARNING,
        "The approval of a change was given until a day that is over.",
    ),
    ("K757", "approval-unused", Severity.INFO, "An approval is of a change that is not made."),
    (
        "K761",
        "name-gone",
        Severity.ERROR,
        "A KPI or objective has no longer the name that others know it by.",
    ),
    ("K762", "value-changed", Severity.ERROR, "Under the same name something else is computed."),
    ("K763", "goalposts-moved", Severity.ERROR, "A promise is loosened, or is another one."),
    ("K764", "not-compared", Severity.ERROR, "Definitions with an error in one version are not compared."),
    ("K765", "all-new", Severity.INFO, "The older version has no specs."),
)


def called(word: str) -> Code | None:
    """What is reported under a code or a name, whatever its capitals."""
    folded = word.casefold()
    return next((one for one in CATALOGUE.values() if folded in (one.code.casefold(), one.name)), None)

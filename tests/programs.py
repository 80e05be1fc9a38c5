"""Random valid programs, in untidy layout: for properties that must hold of every program."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = st.sampled_from(
    ["leads", "ad_spend", "target", "owner", "coût", "where_from", "x1", "channel", "measured"]
)
COLUMNS = st.sampled_from(["ads.spend", "crm.pages", "ads.`Coût total (€)`", "crm.target", "orders.amount"])
UNITS = st.sampled_from(["EUR", "%", "EUR per lead", "lead", "EUR per lead per month", "per day", "points"])
TEXTS = st.sampled_from(['"plain"', '"with # and \\"quotes\\""', '"é – 中"', '""', '"back\\\\slash"'])
PERIODS = st.sampled_from(
    [
        *("2026", "2026-H1", "2026-Q4", "2026-03", "2026-W14", "2026-03-31", "FY2026-Q1", "RY2026-P01"),
        *("sale", "sale  2026", "`summer sale` 2026-06", "`sale` 2026"),
    ]
)
NUMBERS = st.sampled_from(["0", "25", "2_500", "2.50", "100"])
COMMENTS = st.sampled_from(["", "", "", "   # why", "  #tight", "# é #"])

quantities = st.one_of(NUMBERS, st.builds("{} {}".format, NUMBERS, UNITS))


def _extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    space = st.sampled_from([" ", "  "])
    return st.one_of(
        st.builds(
            lambda a, s, op, b: f"{a}{s}{op}{s}{b}",
            inner,
            space,
            st.sampled_from(["+", "-", "*", "/"]),
            inner,
        ),
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("sum({})".format, inner),
        st.builds("weighted average({} by {})".format, COLUMNS, COLUMNS),
        st.builds("retention({}, {})".format, COLUMNS, NUMBERS),
        st.builds("conversion({} to {} within  7 days)".format, inner, COLUMNS),
        st.builds(
            "converted({} where a > {} to {}  to {} within {} weeks)".format,
            COLUMNS,
            NUMBERS,
            COLUMNS,
            COLUMNS,
            NUMBERS,
        ),
        st.builds("last  touch({} to {} within 30 day, {})".format, COLUMNS, COLUMNS, inner),
        st.builds("percentile({}, {})".format, COLUMNS, NUMBERS),
        st.builds("csat({}, {}   by {})".format, COLUMNS, NUMBERS, COLUMNS),
        st.builds("(when {} > {} then {} otherwise {})".format, inner, inner, inner, inner),
    )


arithmetic = st.recursive(st.one_of(quantities, COLUMNS, NAMES), _extend, max_leaves=6)
_tests = st.one_of(
    st.builds("{} {} {}".format, arithmetic, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), arithmetic),
    st.builds("{} in ({}, {})".format, NAMES, TEXTS, TEXTS),
    st.builds("{} not in ({})".format, NAMES, TEXTS),
    st.builds("{} between {} and {}".format, arithmetic, NUMBERS, NUMBERS),
    st.builds("{} is missing".format, COLUMNS),
    st.builds("{} is not missing".format, COLUMNS),
    st.builds("{} >= {}".format, NAMES, PERIODS),
    st.builds("{} in {}".format, NAMES, PERIODS),
    st.builds("{} not in ({})".format, NAMES, PERIODS),
)
conditions = st.recursive(
    _tests,
    lambda c: st.one_of(
        st.builds("{} and {}".format, c, c),
        st.builds("{}  or  {}".format, c, c),
        st.builds("not {}".format, c),
        st.builds("({})".format, c),
    ),
    max_leaves=4,
)
formulas = st.one_of(
    arithmetic,
    st.builds("count(crm) where {}".format, conditions),
    st.builds("average  over days( closing(crm.x by {}) where {} )".format, NAMES, conditions),
    st.builds("opening(crm.x by {} and {})".format, NAMES, NAMES),
    st.builds("count(crm) where {} default 0".format, conditions),
    st.builds("(count(crm) where {}) / ({})".format, conditions, arithmetic),
)

bounds = st.one_of(
    st.builds("at least {}".format, quantities),
    st.builds("at most {}".format, arithmetic),
    st.builds("between {} and {}".format, quantities, quantities),
    st.builds("increase by {}".format, quantities),
    st.builds("decrease by {}".format, quantities),
)

kpi_clauses = st.one_of(
    st.builds("formula   {}".format, formulas),
    st.builds("unit {}".format, UNITS),
    st.builds("target {}".format, bounds),
    st.builds("target\n      at least 100 lead by 2026-03\n      {} by {}".format, bounds, PERIODS),
    st.builds(
        "target\n      at least 100 lead in 2026-03\n      at most {} in  {}".format, arithmetic, PERIODS
    ),
    st.builds("pace\n      20 % by 2026-03\n      {}% by {}".format, NUMBERS, PERIODS),
    st.builds("tolerance {} %".format, NUMBERS),
    st.builds(
        "measured every {}".format, st.sampled_from(["day", "year", "retail  month", "sale", "`sale`"])
    ),
    st.sampled_from(
        [
            "measured cumulatively",
            "measured over the last 28 days",
            "leading",
            "draft",
            "pace none",
            "pace like last  year by weekday",
            "pace like last year by calendar day",
            "pace  business days",
            "confident   95 %",
            "sample at  least 100 sessions",
            "projection  from  pace",
            "projection forecast",
            "projection forecast  at 90 %",
        ]
    ),
    st.builds("deadline {}".format, PERIODS),
    st.builds("from {}".format, PERIODS),
    st.builds("baseline {}".format, st.one_of(PERIODS, st.just("previous period"), quantities)),
    st.builds("by channel\n        google  {}\n        `meta ads`   at most 2, tolerance 10%".format, bounds),
    st.builds("by {}".format, NAMES),
    st.builds("channel google,meta, {}".format, TEXTS),
    st.builds("owner {}".format, TEXTS),
    st.builds("because    {}".format, TEXTS),
    st.builds("label fr {}".format, TEXTS),
)

objective_clauses = st.one_of(
    st.builds("kpi {}{}{}".format, NAMES, st.sampled_from(["", " weight 3", "  weight 2.5"]),
              st.sampled_from(["", " key", "   for  information", " key for information"])),
    st.builds("objective {}{}".format, NAMES, st.sampled_from(["", " weight 2", " key"])),
    st.sampled_from(["met when all are met", "met when any is met", "met when at least 60% are met"]),
    st.builds("owner {}".format, TEXTS),
)  # fmt: skip

_parts = st.sampled_from(["", " for google", ' for "meta ads"'])
_words = st.sampled_from(["met", "nearly met", "on  track", "no data"])
scenario_clauses = st.one_of(
    st.builds("set {}{} = {}".format, NAMES, _parts, arithmetic),
    st.builds(
        "set {}{} {} {}".format, NAMES, _parts, st.sampled_from(["increase by", "decrease  by"]), quantities
    ),
    st.builds("solve {} for {} = {}".format, NAMES, NAMES, quantities),
    st.builds("expect {}".format, quantities),
    st.builds("expect {}{} = {}".format, NAMES, _parts, quantities),
    st.builds("expect {}{} = {}, {}".format, NAMES, _parts, quantities, _words),
    st.builds("expect {}{} {}".format, NAMES, _parts, _words),
    st.builds("as of {}".format, st.just("2026-02-01")),
)

source_clauses = st.one_of(
    st.sampled_from(
        [
            'from "data/ads/*.csv" separated by ";"   decimal ","',
            'from table "shop.orders" in shop',
            "time day",
            "channel `Canal d'acquisition`",
            "row lead",
            "key day,platform",
            "belongs to sessions by session_id",
            "column contact id of contact",
            "fresh within 2 days",
            "complete every   day",
            "key day else   stale",
            "fresh within 3 days  else warn",
            "complete every month else stale",
            "rows at least 10 every day",
            "rows at most 1_000 every day else stale",
            "rows between 10 and 20 every week else warn",
            "scale  x1 from -3   to 2.5",
            "scale score from 0 to 10",
        ]
    ),
    st.builds("column {} {}".format, NAMES, UNITS),
    st.builds("column {}={}".format, NAMES, arithmetic),
    st.builds("check {}".format, conditions),
    st.builds("check {} else stale".format, conditions),
)


calendar_clauses = st.sampled_from(
    [
        "fiscal year starts in April",
        "weeks start on  Monday",
        "time zone Europe/Paris",
        "retail   years 4-4-5",
        "retail years 4-5-4 ending on the last Saturday of `January`   compared 52 weeks apart",
        "retail years 4-5-4  ending on the Saturday nearest the end of January",
        "weekend Friday,Saturday",
        "holidays  Germany-Baden-Württemberg",
        "holidays Côte d'Ivoire",
        'holiday 2026-W53   "Closed"',
    ]
)
period_clauses = st.one_of(
    st.builds("from {}   to {}".format, PERIODS, PERIODS), st.builds("description {}".format, TEXTS)
)


@st.composite
def _block(draw: st.DrawFn, head: str, clauses: st.SearchStrategy[str]) -> str:
    """A definition; its clauses in random order, single ones once, comments and blank lines strewn in."""
    lines = [head + draw(COMMENTS)]
    seen: set[str] = set()
    for clause in draw(st.lists(clauses, min_size=1, max_size=6)):
        word = clause.split(maxsplit=1)[0]
        repeats = (
            "column",
            "check",
            "scale",
            "label",
            "holidays",
            "holiday",
            "kpi",
            "objective",
            "set",
            "expect",
        )
        if word in seen and word not in repeats:
            continue
        if word in ("leading", "lagging"):
            seen |= {"leading", "lagging"}
        seen.add(word)
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(["", "  # above", "# at the margin"])))
        comment = draw(COMMENTS) if "\n" not in clause else ""
        lines.append("    " + clause + (f" {comment}" if comment else ""))
    return "\n".join(lines)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """The text of a file of a few definitions."""
    parts: list[str] = []
    for i in range(draw(st.integers(1, 4))):
        kinds = ["kpi", "source", "measure", "let", "import", "calendar", "period", "once", "objective"]
        kind = draw(st.sampled_from([*kinds, "scenario"]))
        match kind:
            case "kpi":
                parts.append(draw(_block(f"kpi   k{i} {draw(TEXTS)}", kpi_clauses)))
            case "source":
                parts.append(draw(_block(f"source s{i}", source_clauses)))
            case "measure":
                parts.append(f"measure m{i}  =  {draw(formulas)}")
            case "calendar":
                parts.append(draw(_block("calendar", calendar_clauses)))
            case "period":
                parts.append(draw(_block(f"period p{i} {draw(TEXTS)}", period_clauses)))
            case "once":
                parts.append(f"period  p{i}  from {draw(PERIODS)} to   {draw(PERIODS)}{draw(COMMENTS)}")
            case "objective":
                parts.append(draw(_block(f"objective o{i}  {draw(TEXTS)}", objective_clauses)))
            case "scenario":
                parts.append(draw(_block(f"scenario {draw(TEXTS)}", scenario_clauses)))
            case "let":
                parts.append(f"let v{i}={draw(quantities)}")
            case _:
                parts.append(f'import "other{i}.kpi"')
        parts.append(draw(st.sampled_from(["", "", "\n\n", "# between"])))
    return "\n".join(parts) + draw(st.sampled_from(["", "\n", "\n\n# the end\n"]))

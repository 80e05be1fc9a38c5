"""What is said of each change, how much it weighs, in which direction it goes, and whether it breaks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from attrs import fields

from kpidsl.diff import Category, Change, compare, dependents
from kpidsl.graph import Promise
from tests.compile.spec import SOURCES, kpi
from tests.diff.world import BASE, DAY, changes, one, sound, told

NET = "measure net = sum(orders.amount) - sum(orders.cost)\n"
PLAIN = kpi("sum(orders.amount)", "target at least 1_000 EUR", "measured every month")
GOAL = kpi("leads", "target at least 100 lead", "measured cumulatively", "from 2026-01", "deadline 2026-09")
CAP = kpi("ad_spend", "target at most 100 EUR", "measured cumulatively", "from 2026-01", "deadline 2026-09")


def put(base: str, old: str, new: str) -> str:
    assert old in base
    return base.replace(old, new)


# the old spec, what is replaced by what, and of the change: sentence, category, direction, breaking
PROMISES = {
    "a target is loosened": (
        BASE,
        "at most 25 EUR",
        "at most 30 EUR",
        "x: target loosened from at most 25 EUR per lead to at most 30 EUR per lead (+20%); goalposts moved",
        "loosened",
        True,
    ),
    "a target is tightened": (
        BASE,
        "at most 25 EUR",
        "at most 20 EUR",
        "x: target tightened from at most 25 EUR per lead to at most 20 EUR per lead (-20%)",
        "tightened",
        False,
    ),
    "a floor is lowered": (
        PLAIN,
        "at least 1_000",
        "at least 900",
        "x: target loosened from at least 1,000 EUR to at least 900 EUR (-10%); goalposts moved",
        "loosened",
        True,
    ),
    "a cap becomes a floor": (
        BASE,
        "at most 25",
        "at least 25",
        "x: target changed from at most 25 EUR per lead to at least 25 EUR per lead",
        None,
        True,
    ),
    "a floor becomes a band": (
        PLAIN,
        "at least 1_000 EUR",
        "between 1_000 EUR and 2_000 EUR",
        "x: target tightened from at least 1,000 EUR to between 1,000 EUR and 2,000 EUR",
        "tightened",
        False,
    ),
    "a target follows data": (
        PLAIN,
        "at least 1_000 EUR",
        "at least ad_spend",
        "x: target changed from at least 1,000 EUR to at least ad_spend",
        None,
        True,
    ),
    "digits are not hidden": (
        PLAIN,
        "1_000 EUR",
        "1_000.004 EUR",
        "x: target tightened from at least 1,000 EUR to at least 1000.004 EUR (+0.0004%)",
        "tightened",
        False,
    ),
    "a tolerance is widened": (
        BASE,
        "tolerance 5%",
        "tolerance 10%",
        "x: tolerance loosened from 5% to 10%; goalposts moved",
        "loosened",
        True,
    ),
    "a tolerance is said in the unit": (
        BASE,
        "tolerance 5%",
        "tolerance 1 EUR per lead",
        "x: tolerance tightened from 5% to 1 EUR per lead",
        "tightened",
        False,
    ),
    "a tolerance goes": (
        BASE,
        "  tolerance 5%\n",
        "",
        "x: tolerance removed; it was 5%",
        "tightened",
        False,
    ),
    "a deadline is put off": (
        GOAL,
        "deadline 2026-09",
        "deadline 2026-12",
        "x: deadline moved from 2026-09-30 to 2026-12-31; goalposts moved",
        "loosened",
        True,
    ),
    "a cap holds for longer": (
        CAP,
        "deadline 2026-09",
        "deadline 2026-12",
        "x: deadline moved from 2026-09-30 to 2026-12-31",
        "tightened",
        False,
    ),
    "a deadline goes": (
        BASE,
        "  deadline 2026-12\n",
        "",
        "x: deadline removed; it was 2026-12-31; goalposts moved",
        "loosened",
        True,
    ),
    "a start is put off": (
        BASE,
        "from 2026-01",
        "from 2026-04",
        "x: start moved from 2026-01-01 to 2026-04-01; goalposts moved",
        "loosened",
        True,
    ),
    "a total begins later": (
        GOAL,
        "from 2026-01",
        "from 2026-04",
        "x: start moved from 2026-01-01 to 2026-04-01",
        "tightened",
        False,
    ),
    "the end of a promise": (
        PLAIN,
        "  target at least 1_000 EUR\n",
        "",
        "x: target removed; it was at least 1,000 EUR; goalposts moved",
        "loosened",
        True,
    ),
    "a draft": (
        BASE,
        "  tolerance",
        "  draft\n  tolerance",
        "x: made a draft: it no longer counts; goalposts moved",
        "loosened",
        True,
    ),
    "a forecast": (
        BASE,
        "  tolerance",
        "  projection forecast at 90%\n  tolerance",
        "x: projection added: forecast at 90%",
        None,
        False,
    ),
    "a pace": (
        GOAL,
        "  deadline",
        "  pace none\n  deadline",
        "x: pace added: none",
        None,
        True,
    ),
    "what it is sure of": (
        kpi("average(crm.score)", "target at least 5", "confident 95%"),
        "95%",
        "80%",
        "x: confidence loosened from 95% to 80%; goalposts moved",
        "loosened",
        True,
    ),
    "a baseline": (
        kpi("ad_spend", "target decrease by 10%", "baseline 2025-01", "from 2026-01"),
        "2025-01",
        "2025-02",
        "x: baseline changed from 2025-01 to 2025-02",
        None,
        True,
    ),
    "a change by less": (
        kpi("ad_spend", "target decrease by 10%", "baseline 2025-01"),
        "by 10%",
        "by 8%",
        "x: target loosened from decrease by 10% to decrease by 8% (-2 points); goalposts moved",
        "loosened",
        True,
    ),
}


@pytest.mark.parametrize("name", PROMISES)
def test_promises(name: str) -> None:
    base, old, new, sentence, direction, breaking = PROMISES[name]
    change = one(base, put(base, old, new))
    assert change.sentence == sentence
    assert (change.category, change.direction, change.breaking) == (Category.TARGET, direction, breaking)


FORMULAS = {
    "a term goes": (
        "ad_spend - sum(orders.cost)",
        "ad_spend",
        "formula: sum(orders.cost) no longer subtracted",
    ),
    "a term comes": ("ad_spend", "ad_spend + sum(orders.cost)", "formula: sum(orders.cost) added"),
    "another term": (
        "ad_spend - sum(orders.cost)",
        "ad_spend - sum(orders.amount)",
        "formula: sum(orders.amount) subtracted instead of sum(orders.cost)",
    ),
    "another divisor": (
        "ad_spend / leads",
        "ad_spend / count(sessions)",
        "formula: divided by count(sessions) instead of leads",
    ),
    "a divisor comes": ("ad_spend", "ad_spend / leads", "formula: divided by leads"),
    "inside of a product": (
        "(ad_spend - sum(orders.cost)) / leads",
        "ad_spend / leads",
        "formula: sum(orders.cost) no longer subtracted",
    ),
    "a filter comes": (
        "count(crm)",
        "count(crm) where pages >= 10",
        "formula: count(crm): only rows where pages >= 10",
    ),
    "a filter goes": (
        "count(crm) where pages >= 10 and score > 1",
        "count(crm) where pages >= 10",
        "formula: count(crm): no longer only rows where score > 1",
    ),
    "another filter": (
        "count(crm) where pages >= 10",
        "count(crm) where pages >= 20",
        "formula: count(crm): only rows where pages >= 20, instead of where pages >= 10",
    ),
    "a number": ("ad_spend * 2", "ad_spend * 3", "formula: 3 instead of 2"),
    "a longer average": (
        "rolling average(leads, 3)",
        "rolling average(leads, 6)",
        "formula: a rolling average over 6 instead of 3",
    ),
    "all of it": (
        "sum(ads.spend)",
        "sum(orders.amount)",
        "formula changed from sum(ads.spend) to sum(orders.amount)",
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas(name: str) -> None:
    old, new, said = FORMULAS[name]
    found = [c for c in changes(kpi(old), kpi(new)) if c.aspect == "formula"]
    assert [c.said for c in found] == [said]
    assert (found[0].category, found[0].breaking) == (Category.VALUE, True)


def test_a_measure_is_told_where_it_is_used_and_breaks_there() -> None:
    use = kpi("net / leads", name="margin")
    found = changes(NET + use, NET.replace(" - sum(orders.cost)", "") + use)
    assert [(c.sentence, c.breaking) for c in found] == [
        ("margin: formula: sum(orders.cost) no longer subtracted (through `net`)", True),
        ("net: formula: sum(orders.cost) no longer subtracted", False),
    ]


def test_a_computed_column_is_told_where_it_is_used() -> None:
    spec = kpi("sum(orders.margin)")
    other = SOURCES.replace("margin = amount - cost", "margin = amount - 2 * cost")
    found = compare(sound(spec), sound(spec, other))
    assert [(c.sentence, c.breaking) for c in found] == [
        ("x: formula rests on `margin`, which means something else now", True),
        ("orders: column margin changed from = amount - cost to = amount - 2 * cost", False),
    ]


def test_a_constant_is_told_where_it_is_used() -> None:
    use = kpi("ad_spend * factor")
    assert told("let factor = 2\n" + use, "let factor = 3\n" + use) == [
        "x: formula: 3 instead of 2 (through `factor`)",
        "factor: value changed from 2 to 3",
    ]


DOCS = {
    "owner": ('owner "Acquisition"', 'owner "Sales"', 'x: owner changed from "Acquisition" to "Sales"'),
    "no owner": ('  owner "Acquisition"\n', "", 'x: owner removed; it was "Acquisition"'),
    "title": ("kpi x", 'kpi x "Cost"', 'x: title added: "Cost"'),
    "stage": ("  owner", "  stage act\n  owner", "x: stage added: act"),
    "because": ("  owner", '  because "Of this"\n  owner', 'x: because added: "Of this"'),
    "label": ("  owner", '  label fr "Coût"\n  owner', 'x: label fr added: "Coût"'),
    "deprecated": (
        "  owner",
        "  deprecated until 2026-12\n  owner",
        "x: deprecated until 2026-12-31",
    ),
}


@pytest.mark.parametrize("name", DOCS)
def test_docs(name: str) -> None:
    old, new, sentence = DOCS[name]
    change = one(BASE, put(BASE, old, new))
    assert change.sentence == sentence
    assert (change.category, change.direction, change.breaking) == (Category.DOC, None, False)


SHAPE = {
    "how it is measured": (
        "every month",
        "every quarter",
        "x: measured changed from every month to every quarter",
    ),
    "a dimension comes": ("  owner", "  by channel\n  owner", "x: split by channel added"),
}


@pytest.mark.parametrize("name", SHAPE)
def test_values(name: str) -> None:
    old, new, sentence = SHAPE[name]
    forth, back = one(BASE, put(BASE, old, new)), one(put(BASE, old, new), BASE)
    assert (forth.sentence, forth.category) == (sentence, Category.VALUE)
    assert forth.breaking == (name == "how it is measured")  # a new split takes nothing away
    assert back.breaking


def test_slices() -> None:
    base = kpi(
        "ad_spend / leads", "target at most 25 EUR per lead", "by channel", "  google at most 20 EUR per lead"
    )
    change = one(base, put(base, "at most 20", "at most 22"))
    assert change.sentence.startswith(
        "x: target of google loosened from at most 20 EUR per lead to at most 22"
    )
    gone = one(base, put(base, "\n    google at most 20 EUR per lead", ""))
    assert (gone.said, gone.direction) == (
        "target of google removed; it was at most 20 EUR per lead",
        "loosened",
    )
    wide = one(base, put(base, "at most 20", "at most 30"))
    came = one(put(base, "\n    google at most 20 EUR per lead", ""), put(base, "at most 20", "at most 30"))
    assert (wide.direction, came.direction) == ("loosened", "loosened")  # the whole owes 25


def test_what_comes_with_a_first_target_is_not_loosened() -> None:
    bare = kpi("ad_spend / leads", "measured every month")
    found = changes(bare, kpi("ad_spend / leads", "measured every month", "target at most 25 EUR per lead",
                              "tolerance 5%", "deadline 2026-12"))  # fmt: skip
    assert {c.aspect for c in found} == {"target", "tolerance", "deadline"}
    assert all(c.direction == "tightened" and not c.breaking and c.moved is None for c in found)


@pytest.mark.parametrize(
    ("as_of", "moved", "loud"),
    [
        (date(2025, 12, 31), "goalposts moved", False),
        (date(2026, 1, 1), "goalposts moved after the start (2026-01-01)", True),
        (date(2026, 12, 31), "goalposts moved after the start (2026-01-01)", True),
        (date(2027, 1, 1), "goalposts moved after the deadline (2026-12-31)", True),
    ],
)
def test_goalposts_are_moved_more_loudly_once_the_period_has_begun(
    as_of: date, moved: str, loud: bool
) -> None:
    change = one(BASE, put(BASE, "25 EUR", "30 EUR"), as_of)
    assert (change.moved, change.loud) == (moved, loud)
    tightened = one(BASE, put(BASE, "25 EUR", "20 EUR"), as_of)
    assert (tightened.moved, tightened.loud) == (None, False)


# -- names -------------------------------------------------------------------------------------------


def test_a_kpi_comes_and_goes() -> None:
    come, gone = one("", BASE), one(BASE, "")
    assert (come.sentence, come.category, come.breaking) == ("x: added", Category.NAME, False)
    assert (gone.sentence, gone.category, gone.breaking) == ("x: removed", Category.NAME, True)


def test_a_rename_is_found_by_its_meaning() -> None:
    change = one(BASE, BASE.replace("kpi x", "kpi price"))
    assert (change.name, change.sentence) == ("price", "price: renamed from `x`")
    assert (change.category, change.breaking, change.before, change.after) == (
        Category.NAME,
        True,
        "x",
        "price",
    )


def test_a_rename_with_another_title_is_two_changes() -> None:
    found = changes(BASE, BASE.replace("kpi x", 'kpi price "Price"'))
    assert [c.sentence for c in found] == ["price: renamed from `x`", 'price: title added: "Price"']


def test_what_is_renamed_and_changed_is_gone_and_new() -> None:
    found = changes(BASE, BASE.replace("kpi x", "kpi price").replace("25 EUR", "30 EUR"))
    assert [c.sentence for c in found] == ["price: added", "x: removed"]


def test_several_of_one_meaning_go_together_by_their_titles() -> None:
    old = BASE.replace("kpi x", 'kpi a "A"') + BASE.replace("kpi x", 'kpi b "B"')
    new = BASE.replace("kpi x", 'kpi c "B"') + BASE.replace("kpi x", 'kpi d "A"')
    assert told(old, new) == ["c: renamed from `b`", "d: renamed from `a`"]


def test_an_old_name_that_goes_on_to_work_breaks_nothing() -> None:
    alias = BASE.replace("  tolerance", "  deprecated until 2027-06 use price\n  tolerance")
    found = changes(BASE, alias + BASE.replace("kpi x", "kpi price"), DAY)
    assert [(c.sentence, c.breaking) for c in found] == [
        ("x: deprecated until 2027-06-30, replaced by price", False),
        (
            "price: added with the meaning of `x`, which is deprecated and goes on to work until 2027-06-30",
            False,
        ),
    ]


@pytest.mark.parametrize(("until", "due"), [("2026-09", True), ("2026-12", False)])
def test_what_was_deprecated_may_go_once_its_day_is_over(until: str, due: bool) -> None:
    change = one(BASE + f"  deprecated until {until}\n", "", DAY)
    assert change.breaking != due
    assert change.said.startswith("removed; it was deprecated" if due else "removed before 2026-12-31")


def test_a_split_stays_what_it_is_where_its_source_is_renamed() -> None:
    use = kpi("sum(ads.spend)", "target at most 9 EUR", "by channel", "  google at most 8 EUR")
    other = SOURCES.replace("source ads", "source adverts").replace("ads.spend", "adverts.spend")
    new = use.replace("ads.spend", "adverts.spend")
    assert [c.sentence for c in compare(sound(use), sound(new, other))] == ["adverts: renamed from `ads`"]
    found = compare(sound(use), sound(new.replace("kpi x", "kpi z"), other))
    assert [c.sentence for c in found] == ["z: renamed from `x`", "adverts: renamed from `ads`"]


def test_a_source_is_renamed_and_nothing_else_changes() -> None:
    use = kpi("sum(ads.spend) / count(crm)") + kpi("sum(orders.amount)", "by sessions.country", name="y")
    other = SOURCES.replace("source ads", "source adverts").replace("ads.spend", "adverts.spend")
    other = other.replace("source sessions", "source visits").replace(
        "belongs to  sessions", "belongs to  visits"
    )
    new = use.replace("ads.spend", "adverts.spend").replace("sessions.country", "visits.country")
    found = compare(sound(use), sound(new, other))
    said = [c.sentence for c in found if c.kind != "kpi"]
    assert said == ["adverts: renamed from `ads`", "visits: renamed from `sessions`"]
    assert [c.aspect for c in found if c.kind == "kpi"] in (
        [],
        ["split by visits.country", "split by sessions.country"],
    )


# -- objectives, sources, the calendar ---------------------------------------------------------------

TWO = BASE + BASE.replace("kpi x", "kpi y")
GROW = TWO + '\nobjective grow "Grow"\n  kpi x weight 2\n  kpi y\n  met when all are met\n'

OBJECTIVES = {
    "a weaker rule": (
        "all are met",
        "at least 60% are met",
        "grow: rule loosened from when all are met to when at least 60% are met; goalposts moved",
        True,
    ),
    "a member goes": ("  kpi y\n", "", "grow: member y removed; it was weight 1; goalposts moved", True),
    "a member for information": (
        "  kpi y\n",
        "  kpi y for information\n",
        "grow: member y loosened from weight 1 to weight 1, for information; goalposts moved",
        True,
    ),
    "a key member": (
        "  kpi y\n",
        "  kpi y key\n",
        "grow: member y tightened from weight 1 to weight 1, key",
        False,
    ),
    "a weight": ("weight 2", "weight 3", "grow: member x changed from weight 2 to weight 3", True),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_objectives(name: str) -> None:
    old, new, sentence, breaking = OBJECTIVES[name]
    found = changes(GROW, put(GROW, old, new))
    assert [(c.sentence, c.breaking) for c in found] == [(sentence, breaking)]


def test_a_member_that_is_renamed_stays_a_member() -> None:
    new = GROW.replace("kpi y", "kpi z")
    assert told(GROW, new) == ["z: renamed from `y`"]


RELATIONS = {
    "another file": (
        '"ads.csv"',
        '"spend/*.csv"',
        'ads: rows changed from "ads.csv" to "spend/*.csv"',
        "VALUE",
        True,
    ),
    "a decimal comma": (
        '"ads.csv"',
        '"ads.csv" decimal ","',
        'ads: decimal added: ","',
        "VALUE",
        True,
    ),
    "another time": (
        "time        day",
        "time        started",
        "ads: time changed from day to started",
        "VALUE",
        True,
    ),
    "a column comes": (
        "  column      campaign text",
        "  column      place text\n  column      campaign text",
        "ads: column place added: text",
        "VALUE",
        False,
    ),
    "freshness is promised": (
        "  column      campaign text",
        "  fresh within 2 days\n  column      campaign text",
        "ads: fresh added: within 2 days else stale",
        "TARGET",
        False,
    ),
    "a check": (
        "  column      campaign text",
        "  check spend >= 0\n  column      campaign text",
        "ads: check spend >= 0 added",
        "TARGET",
        False,
    ),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_sources(name: str) -> None:
    old, new, sentence, category, breaking = RELATIONS[name]
    here = Path.cwd(), Path.cwd()
    every = compare(sound(""), sound("", SOURCES.replace(old, new, 1)), bases=here)
    found = [c for c in every if not c.aspect.startswith("column day")]
    assert [(c.category.name, c.breaking) for c in found] == [(category, breaking)]
    assert found[0].sentence == sentence


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        ("fresh within 2 days", "fresh within 5 days", "loosened"),
        ("fresh within 2 days", "fresh within 1 days", "tightened"),
        ("fresh within 2 days", "fresh within 2 days else warn", "loosened"),
        ("fresh within 2 days else warn", "fresh within 5 days else stale", None),
        ("rows at least 10 every day", "rows between 10 and 20 every day", "tightened"),
        ("rows between 10 and 20 every day", "rows between 5 and 30 every day", "loosened"),
        ("rows between 10 and 20 every day", "rows between 5 and 15 every day", None),
        ("rows at least 10 every day", "rows at least 20 every week", None),
        ("complete every day", "complete every day else stale", "tightened"),
        ("complete every day", "complete every week", "loosened"),
        ("complete every day", "complete every week else stale", None),
    ],
)
def test_promises_of_sources(old: str, new: str, direction: str | None) -> None:
    def source(promise: str) -> str:
        return f'\nsource s\n  from "s.csv"\n  time day\n  column n number\n  {promise}\n'

    (forth,), (back,) = changes(source(old), source(new)), changes(source(new), source(old))
    mirror = {"loosened": "tightened", "tightened": "loosened", None: None}
    assert (forth.direction, back.direction) == (direction, mirror[direction])
    assert forth.category is Category.TARGET


def test_a_column_that_nothing_needs_may_go() -> None:
    def source(column: str) -> str:
        return f'\nsource s\n  from "s.csv"\n  time day\n  column n number\n{column}'

    (gone,) = changes(source("  column m EUR\n"), source(""))
    (other,) = changes(source("  column m EUR\n"), source("  column m USD\n"))
    assert (gone.sentence, gone.breaking) == ("s: column m removed; it was EUR", False)
    assert other.breaking


def test_the_calendar() -> None:
    weekly = kpi("leads", "measured every week")
    found = changes(weekly, "calendar\n  weeks start on Sunday\n  time zone Europe/Paris\n" + weekly)
    assert [(c.sentence, c.breaking) for c in found] == [
        ("x: measured changed: `every week` means something else now", True),
        ("calendar: time zone changed from UTC to Europe/Paris", True),
        ("calendar: weeks changed from start on Monday to start on Sunday", False),
    ]


# -- fingerprints ------------------------------------------------------------------------------------


def test_a_fingerprint_is_of_the_change_and_of_nothing_else() -> None:
    new = put(BASE, "25 EUR", "30 EUR")
    print_ = one(BASE, new).fingerprint
    assert one("# a comment\n\n" + BASE, "\n\n" + new.replace("  ", "    ")).fingerprint == print_
    assert one(BASE, put(BASE, "25 EUR", "30.00 EUR")).fingerprint == print_
    assert one(BASE, put(BASE, "25 EUR", "31 EUR")).fingerprint != print_
    assert one(put(BASE, "25 EUR", "24 EUR"), new).fingerprint != print_
    assert one(BASE.replace("kpi x", "kpi y"), new.replace("kpi x", "kpi y")).fingerprint != print_


# -- who is affected ---------------------------------------------------------------------------------


def test_those_that_read_what_changed_are_affected() -> None:
    use = (
        BASE
        + kpi("count(sessions)", name="visits")
        + kpi("sum(orders.amount) / sum(orders.cost)", name="ratio")
    )

    def affected(new: str, sources: str = SOURCES) -> frozenset[str]:
        other = sound(new, sources)
        return dependents(compare(sound(use), other), other)

    assert affected(use) == frozenset()
    assert affected(use.replace("Acquisition", "Sales")) == frozenset()
    assert affected(use.replace("25 EUR", "26 EUR")) == {"x"}
    assert affected(use, SOURCES.replace('"ads.csv"', '"spend.csv"')) == {"x"}
    assert affected(use, SOURCES.replace('"orders.csv"', '"sales.csv"')) == {"ratio"}
    assert affected("calendar\n  time zone Europe/Paris\n" + use) == {"x", "visits", "ratio"}


def test_all_that_a_promise_has_is_compared() -> None:
    """A field that is new needs a fact; an estimate follows from the formula and the level."""
    told_of = {"measured", "bound", "milestones", "tolerance", "baseline", "start", "deadline", "pace"}
    told_of |= {"levels", "shares", "confident", "sample", "forecast"}
    assert {field.name for field in fields(Promise)} - {"estimate"} == told_of


CHECKS = {
    "a higher bound": ("spend >= 0", "spend >= 1", "tightened", "tightened from spend >= 0 to spend >= 1"),
    "a strict bound": ("spend >= 0", "0 < spend", "tightened", "tightened from spend >= 0 to 0 < spend"),
    "another operator": ("spend > 0", "spend between 1 and 9", "tightened", None),
    "a day": ("day >= 2025-01-01", "day >= 2026-01-01", "tightened", None),
    "fewer values": ('campaign in ("a", "b")', 'campaign = "a"', "tightened", None),
    "neither": ("spend >= 1", "spend <= 5", None, "changed from spend >= 1 to spend <= 5"),
    "other values": ('campaign in ("a", "b")', 'campaign in ("a", "c")', None, None),
    "a heavier consequence": (
        "spend >= 0",
        "spend >= 1 else stale",
        "tightened",
        "tightened from spend >= 0 else",
    ),
    "up and lighter": ("spend >= 0 else stale", "spend >= 1", None, None),
}


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("name", CHECKS)
def test_a_check_is_one_change(name: str, mirrored: bool) -> None:
    old, new, way, said = CHECKS[name]
    if mirrored:
        old, new, said = new, old, None
        way = {"tightened": "loosened", None: None}[way]
    [change] = _of_checks([old], [new])
    assert (change.direction, change.breaking) == (way, way != "tightened")
    assert change.aspect.startswith("check of ")
    assert said is None or said in change.said


def test_checks_that_are_not_the_same_one() -> None:
    found = _of_checks(["spend >= 0"], ["clicks >= 0"])
    assert sorted(c.said for c in found) == ["check clicks >= 0 added", "check spend >= 0 removed"]
    found = _of_checks(["spend >= 0", "spend >= 1"], ["spend >= 2", "spend >= 3"])
    assert len(found) == 4
    found = _of_checks(["spend >= 0", "spend <= 9"], ["spend >= 1", "spend <= 10"])
    assert sorted((c.aspect, c.direction) for c in found) == [
        ("check of spend", "loosened"),
        ("check of spend from below", "tightened"),
    ]


def _of_checks(old: list[str], new: list[str]) -> list[Change]:
    sides = [
        sound(
            "",
            SOURCES.replace(
                "  column      campaign text",
                "\n".join([*(f"  check {c}" for c in checks), "  column      campaign text"]),
                1,
            ),
        )
        for checks in (old, new)
    ]
    return [change for change in compare(*sides) if change.kind == "source"]


def test_the_milestone_of_the_deadline_is_the_target() -> None:
    begun = "measured cumulatively", "from 2026-01"
    plain = kpi("ad_spend", "target at least 20 EUR", "deadline 2026-12", *begun)
    last = kpi("ad_spend", "target\n    at least 20 EUR by 2026-12", *begun)
    both = kpi("ad_spend", "target\n    at least 10 EUR by 2026-03\n    at least 20 EUR by 2026-12", *begun)
    more = kpi("ad_spend", "target\n    at least 25 EUR by 2026-12", *begun)
    assert changes(plain, last) == changes(last, plain) == []
    gone = one(both, plain)
    assert (gone.aspect, gone.direction) == ("target by 2026-03-31", "loosened")
    assert one(plain, both).said == "target by 2026-03-31 added: at least 10 EUR"
    assert one(plain, more).said == "target tightened from at least 20 EUR to at least 25 EUR (+25%)"

"""Sources made of another source's grouped rows: what they mean, and every way to get them wrong."""

import pytest

from kpidsl.compile.show import draw, to_mermaid
from kpidsl.model.rows import Apply, ColumnRef, Gather
from kpidsl.model.sources import Files, Grouped
from tests.compile.spec import build, check_marks, sound

VIEWS = """
source visitors
  from        "visitors.csv"
  row         visitor
  key         visitor
  column      country text

source views "Page views"
  from        "views.csv"
  row         view
  time        at
  channel     origin
  belongs to  visitors by visitor
  column      visit id of visit
  column      url text
  column      seconds second
  column      price EUR
  column      rate %
  column      home = url = "/home"
"""
VISITS = """
source visits
  from        views by visit
  row         visit
  time        started
  belongs to  visitors by visitor
  column      started = first(at)
  column      visitor = first(visitor)
  column      pages = count(views)
"""


def grouped(*columns):
    return VIEWS + VISITS + "".join(f"  column      {column}\n" for column in columns)


def made(*columns, kpi="count(visits)"):
    return sound(f"\nkpi x\n  formula {kpi}\n  measured every week\n", grouped(*columns))


def column(name, *columns):
    return made(*columns).graph.sources["visits"].column(name)


def test_the_shape_of_a_grouped_source():
    spec = made().graph.sources["visits"]
    assert spec.origin == Grouped(
        "views", (("visit", ColumnRef("views", "visit", spec.column("visit").type)),)
    )
    assert (spec.column("visit").type.kind, spec.column("visit").type.thing) == ("identity", "visit")
    assert spec.column("visit").value is None
    assert spec.column("pages").value.function == "count"
    assert str(spec.column("pages").type.unit) == "view"
    assert all(spec.stored(each) for each in spec.columns)


@pytest.mark.parametrize(
    ("formula", "kind", "unit"),
    [
        ("sum(price)", "number", "EUR"),
        ("sum(price * 2)", "number", "EUR"),
        ("count(url)", "number", "view"),
        ("count distinct(visitor)", "number", "visitor"),
        ("count distinct(visit)", "number", "visit"),
        ("average(seconds)", "number", "second"),
        ("weighted average(price by seconds)", "number", "EUR"),
        ("median(price)", "number", "EUR"),
        ("percentile(price, 90)", "number", "EUR"),
        ("standard deviation(rate)", "number", "points"),
        ("min(price)", "number", "EUR"),
        ("max(at)", "time", ""),
        ("first(url)", "text", ""),
        ("last(home)", "flag", ""),
        ("last(visitors.country)", "text", ""),
        ("first(channel)", "unknown", ""),
        ("share(views where home)", "number", "%"),
        ("sum(price) / count(views)", "number", "EUR per view"),
        ("count(views) = 1", "flag", ""),
        ('when count(views) > 3 then "long" otherwise lower(first(url))', "text", ""),
        ("days between(first(at), last(at))", "number", "day"),
        ("pages * 2", "number", "view"),
        ("pages = 1", "flag", ""),
        ('visitors.country = "FR"', "flag", ""),
    ],
)
def test_types_of_columns(formula, kind, unit):
    found = column("x", f"x = {formula}").type
    assert (found.kind, str(found.unit)) == (kind, unit)


def test_where_inside_and_behind_an_aggregation_are_the_same():
    inside, behind = column("x", "x = count(views where home)"), column("x", "x = count(views) where home")
    assert inside.value == behind.value
    assert isinstance(inside.value, Gather)
    assert inside.value.filter == ColumnRef("views", "home", inside.value.filter.type)


def test_where_restricts_every_aggregation_to_its_left_and_the_columns_that_are_named():
    value = column("x", "x = (sum(price) / pages) where home").value
    assert isinstance(value, Apply)
    assert [part.filter.name for part in value.args] == ["home", "home"]


def test_a_column_that_follows_a_link_of_the_source_is_computed_where_it_is_used():
    spec = made('french = visitors.country = "FR"', "both = french and pages > 1").graph.sources["visits"]
    assert [spec.stored(spec.column(name)) for name in ("pages", "french", "both")] == [True, False, False]


def test_grouped_by_channel_and_by_a_column_along_a_link():
    spec = sound(
        "", VIEWS + "source c\n  from views by channel, country\n  time t\n  column t = last(at)\n"
    ).graph.sources["c"]
    assert [(word, ref.name, ref.via) for word, ref in spec.origin.keys] == [
        ("channel", "origin", ()),
        ("country", "country", ("visitors",)),
    ]


def test_grouped_from_a_grouped_source_in_any_order():
    text = """
source days
  from        visits by day
  row         day_of_visits
  time        first_start
  column      first_start = first(started)
  column      most = max(pages)
"""
    more = "  column      day = days between(2026-01-01, started)\n"
    for sources in (VIEWS + VISITS + more + text, text + VIEWS + VISITS + more):
        spec = sound("", sources).graph.sources["days"]
        assert spec.column("most").value == Gather(
            "max", "visits", ColumnRef("visits", "pages", spec.column("most").type), spec.column("most").type
        )
        assert str(spec.column("day").type.unit) == "day"


def test_no_total_of_a_grouped_source_is_sure_to_grow():
    from kpidsl.judge.growth import only_grows

    graph = made().graph
    assert not only_grows(graph.kpis["x"].formula, graph.sources)


# -- the hash of the meaning --------------------------------------------------------------------------------


def digest(*columns, text=None, kpi="sum(visits.n)"):
    source = grouped(*columns) if text is None else text
    return sound(f"\nkpi x\n  formula {kpi}\n  measured every week\n", source).kpi().hash


def test_the_hash_changes_with_what_the_rows_are_made_of():
    base = digest("n = sum(price)")
    assert base == digest("n = sum(price)", "other = count(views)")
    assert base != digest("n = sum(price where home)")
    assert base != digest("n = average(price)")
    by_visitor = grouped("n = sum(price)").replace(
        "from        views by visit\n", "from        views by visit, url\n"
    )
    assert base != digest(text=by_visitor)
    later = grouped("n = sum(price)").replace("started = first(at)", "started = last(at)")
    assert base != digest(text=later)


def test_the_drawing_has_the_parent():
    drawn = to_mermaid(draw(made().graph))
    assert "views by visit" in drawn
    assert drawn.count("-->") == 3


# -- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "column      x = url  #! K308 `first(url)` takes one of them",
        "column      url = url  #! K308 `first(url)` takes one of them",
        "column      x = views.url  #! K308 `url` has a value in each row of views",
        "column      x = pages + seconds  #! K308 grouped by visit",
        "column      x = nothing  #! K203 visits has no column `nothing`",
        "column      x = sum(nothing)  #! K203 views has no column `nothing`",
        "column      x = sum(sum(price))  #! K309 works on many rows",
        "column      x = sum(pages)  #! K203 views has no column `pages`",
        "column      x = sum(url)  #! K305 needs a number",
        "column      x = sum(views)  #! K305 needs a column",
        "column      x = sum(price, 2)  #! K311 takes 1 argument",
        "column      x = average(price by seconds)  #! K311 takes no `by`",
        "column      x = percentile(price, 101)  #! K311 needs a rank",
        "column      x = nps(seconds)  #! K310 figure of many answers",
        "column      x = growth(price)  #! K310 works on results",
        "column      x = sum(rate)  #! K312 do not add up",
        "column      x = sum(price) + count(views)  #! K301 cannot be added",
        "column      x = share(views)  #! K306 needs a condition",
        "column      x = visit where home  #! K320 nothing is aggregated here",
        'column      x = when visitors.country = "FR" then pages otherwise count(views where home)'
        "  #! K310 two columns can say it",
        "column      x EUR  #! K220 has no data of its own",
        "column      visit id of visit  #! K201 declared twice",
        "channel     origin  #! K203 `column origin = first(origin)`",
        "key         url  #! K203 visits has no column `url`",
        "check       count(views) > 1  #! K310 which looks at one row",
        'check       url = "/"  #! K203 visits has no column `url`',
    ],
)
def test_mistakes_in_columns_and_roles(line):
    check_marks("", VIEWS + VISITS + f"  {line}\n")


@pytest.mark.parametrize(
    "source",
    [
        "from        nowhere by visit  #! K205 there is no source named `nowhere`",
        "from        view by visit  #! K205 a source with a similar name: `views`",
        "from        views by nothing  #! K203 views has no column `nothing`",
        "from        views by visit, visit  #! K212 grouped by `visit` twice",
        "from        lonely by lonely  #! K206 `lonely` is made of its own rows: `lonely` -> `lonely`",
        "from        views by factor  #! K305 `factor` is a constant",
        "from        views by visits  #! K320 `visits` is a source",
    ],
)
def test_mistakes_in_where_rows_come_from(source):
    check_marks("", VIEWS + VISITS + f"\nlet factor = 3\n\nsource lonely\n  {source}\n")


def test_sources_that_are_grouped_from_each_other():
    check_marks(
        "",
        VIEWS
        + """
source a
  from        b by visit  #! K206 `a` -> `b` -> `a`
  column      n = count(b)

source b
  from        a by visit
""",
    )


def test_rows_that_come_back_along_a_link():
    text = VIEWS.replace("belongs to  visitors by visitor", "belongs to  visits by visit")
    check_marks(
        "",
        text
        + """
source visits
  from        views by visit  #! K206 comes back to it along a link
  column      n = count(views)
  column      all = sum(visits.n)
""",
    )


def test_a_source_may_belong_to_the_groups_of_its_own_rows():
    text = VIEWS.replace("belongs to  visitors by visitor", "belongs to  visits by visit")
    graph = sound(
        "\nkpi x\n  formula count(views where visits.n > 1)\n  measured every week\n",
        text + "source visits\n  from views by visit\n  column n = count(views)\n",
    ).graph
    assert list(graph.kpis) == ["x"]


def test_first_and_last_need_a_time():
    check_marks(
        "", VIEWS + "source v\n  from visitors by country\n  column x = first(visitor)  #! K213 goes by it\n"
    )


def test_the_time_of_a_grouped_source_is_a_time():
    text = (
        VIEWS
        + "source v\n  from views by visit\n  time n\n  column n = count(views)  #! K305 neither a day nor\n"
    )
    check_marks("", text)


def test_what_rests_on_a_broken_source_is_broken_by_it():
    text = VIEWS.replace("column      price EUR", "column      price EURR per per") + VISITS
    made = build("\nkpi x\n  formula count(visits)\n  measured every week\n", text)
    assert made.codes == ["K100"] or made.codes == ["K304"]
    assert list(made.graph.broken) == ["x"]
    assert "visits" not in made.graph.sources


def test_words_for_missing_values():
    spec = sound(
        "", 'source a\n  from "a.csv" missing "NULL" missing " - " missing "NULL"\n  time d\n'
    ).graph.sources["a"]
    assert isinstance(spec.origin, Files)
    assert spec.origin.missing == ("NULL", "-")
    check_marks(
        "", 'source a\n  from "a.csv" missing " "  #! K322 an empty cell is missing anyway\n  time d\n'
    )

"""What is broken spoils what rests on it, tells its fault once, and leaves the rest alone; imports; links
of files.
"""

import pytest

from kpidsl.compile import compile_files, imports_of, missing_import
from kpidsl.diagnostics import Report, Source
from kpidsl.syntax.parse import parse
from tests.compile.spec import SOURCES, build, kpi


def test_one_broken_kpi_leaves_the_others() -> None:
    made = build(kpi("ad_spend + leads") + kpi("leads", name="y"))
    assert list(made.graph.kpis) == ["y"]
    assert made.graph.broken["x"].code == "K301"


def test_what_rests_on_a_broken_measure_is_broken_without_another_error() -> None:
    made = build(
        "measure a = sum(ads.spent)\nmeasure b = a / leads\n" + kpi("b * 2") + "objective o\n  kpi x\n"
    )
    assert made.codes == ["K203"]
    assert made.graph.broken["x"].code == "K215"
    assert "K203" in made.graph.broken["x"].notes[0]
    assert made.graph.broken["o"].code == "K215"
    assert set(made.graph.measures) == {"ad_spend", "leads"}


def test_all_independent_errors_are_told() -> None:
    made = build(kpi("ad_spent / sum(ads.spent)", "stage actt", "target at least 5 EUR", "tolerance 5%"))
    assert sorted(made.codes) == ["K202", "K203", "K211"]


def test_a_broken_column_spoils_only_what_reads_it() -> None:
    source = 'source t\n  from "t.csv"\n  time d\n  column a EUR\n  column b = a + c\n  column e = b * 2\n'
    made = build(source + kpi("sum(t.a)") + kpi("sum(t.b)", name="y") + kpi("sum(t.e)", name="z"))
    assert made.codes == ["K203"]
    assert list(made.graph.kpis) == ["x"]
    assert {name: fault.code for name, fault in made.graph.broken.items()} == {"y": "K215", "z": "K215"}
    assert "t" in made.graph.sources


def test_a_broken_check_spoils_the_source() -> None:
    """Otherwise a number would be shown green that the spec wanted guarded."""
    made = build('source t\n  from "t.csv"\n  time d\n  column a EUR\n  check a > 5 USD\n' + kpi("sum(t.a)"))
    assert made.codes == ["K301"]
    assert made.graph.broken["x"].code == "K215"
    assert "t" not in made.graph.sources


def test_a_broken_calendar_spoils_everything() -> None:
    made = build("calendar\n  time zone Europe/Pari\n" + kpi("leads"))
    assert made.codes == ["K211"]
    assert made.graph.broken["x"].code == "K215"


def test_a_definition_that_cannot_be_read_is_not_unknown() -> None:
    made = build("measure a = = 5\n" + kpi("a * 2") + kpi("sum(t.x)", name="y") + 'source t\n  frm "t"\n')
    assert set(made.codes) <= {"K100", "K101", "K102", "K103", "K104", "K105", "K110"} or all(
        code.startswith("K1") for code in made.codes
    )
    assert set(made.graph.broken) == {"x", "y"}


def test_a_name_that_is_defined_twice_means_neither() -> None:
    made = build(kpi("leads") + kpi("ad_spend"))
    assert made.graph.broken["x"].code == "K201"
    made = build("measure m = leads\nmeasure m = ad_spend\n" + kpi("m"))
    assert made.graph.broken["x"].code == "K215"


def test_a_cycle_through_a_kpi_breaks_all_of_it() -> None:
    made = build("measure a = x\n" + kpi("a * 2") + kpi("a * 3", name="y"))
    assert made.codes == ["K206"]
    assert set(made.graph.broken) == {"x", "y"}


def test_definitions_are_one_scope_over_files() -> None:
    report = Report()
    one = parse(Source("a.kpi", 'import "b.kpi"\n' + SOURCES), report)
    two = parse(Source("b.kpi", 'import "a.kpi"\n' + kpi("leads")), report)
    graph = compile_files([one, two], report)
    assert not report.items
    assert list(graph.kpis) == ["x"]


def test_files_know_the_folder_of_their_spec() -> None:
    report = Report()
    file = parse(Source("specs/web/a.kpi", SOURCES), report)
    origin = compile_files([file], report).sources["ads"].origin
    assert getattr(origin, "folder", None) == "specs/web"


@pytest.mark.parametrize(
    ("file", "path", "name"),
    [
        ("a.kpi", "b.kpi", "b.kpi"),
        ("web/a.kpi", "../b.kpi", "b.kpi"),
        ("web/a.kpi", "shared/./b.kpi", "web/shared/b.kpi"),
        ("a.kpi", "../b.kpi", None),
        ("web/a.kpi", "../../b.kpi", None),
        ("a.kpi", "/etc/passwd", None),
        ("a.kpi", "C:/b.kpi", None),
        ("a.kpi", "..\\\\b.kpi", None),
    ],
)
def test_imports(file: str, path: str, name: str | None) -> None:
    report = Report()
    found = imports_of(parse(Source(file, f'import "{path}"\n'), report), report)
    assert [n for n, _ in found] == ([name] if name else [])
    assert [d.code for d in report] == ([] if name else ["K208"])


def test_imports_stay_below_a_root_that_is_not_the_current_folder() -> None:
    report = Report()
    file = parse(Source("/project/web/a.kpi", 'import "../b.kpi"\nimport "../../c.kpi"\n'), report)
    assert [name for name, _ in imports_of(file, report, "/project")] == ["/project/b.kpi"]
    assert [d.code for d in report] == ["K208"]


def test_a_missing_import_names_what_is_near() -> None:
    report = Report()
    file = parse(Source("web/a.kpi", 'import "../calender.kpi"\n'), report)
    [(name, span)] = imports_of(file, report)
    fault = missing_import(name, span, ["calendar.kpi", "web/a.kpi"])
    assert fault.code == "K209"
    assert "../calendar.kpi" in fault.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        kpi("leads" + " + leads" * 150),
        kpi("(" * 150 + "leads" + ")" * 150),
        kpi("count(crm where " + "not " * 150 + "score = 1)"),
        kpi("sum(crm.score" + " + crm.score" * 5000 + ")"),
        "".join(f"measure m{i} = m{i + 1} + leads\n" for i in range(400))
        + "measure m400 = leads\n"
        + kpi("m0"),
        "".join(f"measure m{i} = m{i - 1} + leads\n" for i in range(400, 0, -1))
        + "measure m0 = leads\n"
        + kpi("m400"),
        "measure m0 = leads\n"
        + "".join(f"measure m{i} = m{i - 1} + leads\n" for i in range(1, 400))
        + kpi("m399"),
    ],
)
def test_depth_has_a_limit(text: str) -> None:
    made = build(text)
    assert made.codes
    assert set(made.codes) <= {"K122", "K323"}, "the parser refuses what is deep in itself"
    assert "x" in made.graph.broken


def test_the_limit_is_far_from_what_people_write() -> None:
    made = build(kpi("leads" + " + leads" * 60))
    assert not made.codes


def doubling(first: str, each: str, levels: int = 28) -> str:
    """m0, m1, ...: each uses the one before it twice, so that the last one is the first, 2**28 times."""
    lines = [f"measure m0 = {first}\n", *(f"measure m{i} = {each}\n" for i in range(1, levels + 1))]
    return "".join(line.replace("BEFORE", f"m{i - 1}") for i, line in enumerate(lines))


@pytest.mark.parametrize(
    "each", ["BEFORE + BEFORE", "BEFORE * 0.5 + BEFORE * 0.5", "BEFORE + previous period(BEFORE)"]
)
def test_what_is_used_twice_is_kept_once(each: str) -> None:
    made = build(doubling("leads", each) + kpi("m28"))
    assert not made.codes
    assert len(made.kpi("x").hash) == 12


def test_a_part_deep_within_still_changes_the_hash() -> None:
    one, other = (
        build(doubling(first, "BEFORE + BEFORE") + kpi("m28")).kpi("x").hash
        for first in ("count(crm)", "count(crm where pages > 1 page)")
    )
    assert one != other


def test_what_doubles_with_every_step_has_a_limit() -> None:
    units = doubling("sum(ads.spend)", "BEFORE * BEFORE")
    filters = doubling(
        "sum(ads.spend)", "(BEFORE where clicks > 1 click) + (BEFORE where clicks < 1 click)", 20
    ).replace("> 1 click", "> N click")
    for number in range(20):
        filters = filters.replace("N", str(number), 1)
    columns = SOURCES + 'source wide\n  from "w.csv"\n  time day\n  column c0 EUR\n'
    columns += "".join(f"  column c{i} = c{i - 1} + c{i - 1}\n" for i in range(1, 29))
    for made in (
        build(units + kpi("m28")),
        build(filters + kpi("m20")),
        build(kpi("sum(wide.c28)"), columns),
    ):
        assert made.codes == ["K324"]
        assert "x" in made.graph.broken


def test_averages_of_averages_look_back_no_further_than_one() -> None:
    far = build("measure year = rolling average(leads, 600)" + kpi("rolling average(year, 401)"))
    assert far.codes == ["K324"]
    assert not build("measure year = rolling average(leads, 600)" + kpi("rolling average(year, 400)")).codes

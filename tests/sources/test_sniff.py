"""What `kpi init` writes parses, compiles, is in canonical layout, and attaches without a word."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from kpidsl.compile import compile_files
from kpidsl.diagnostics import Report, Source
from kpidsl.evaluate.quote import name
from kpidsl.evaluate.session import Session
from kpidsl.graph import Graph
from kpidsl.model.periods import Calendar
from kpidsl.sniff import sniff
from kpidsl.syntax.format import format_file
from kpidsl.syntax.parse import parse
from tests.sources.conftest import Project
from tests.sources.test_parquet import parquet

ATELIER = Path(__file__).parents[2] / "examples" / "atelier" / "data"


def init(root: Path) -> tuple[str, Graph]:
    """The spec for all files of a folder, after it has read them without a diagnostic."""
    found = sniff([each for each in root.rglob("*") if each.is_file()], root)
    assert found.problems == ()
    report = Report()
    file = parse(Source("specs.kpi", found.text), report)
    graph = compile_files([file], report)
    assert [each.message for each in report.errors] == []
    assert format_file(file) == found.text
    with Session(root, Calendar(), graph.sources.values()) as session:
        for spec in graph.sources.values():
            assert [each.message for each in session.attach(spec).problems] == []
            assert session.fetch(f"SELECT count(*) AS n FROM {name(spec.name)}")["n"][0] > 0
    return found.text, graph


def test_a_french_export(project: Project) -> None:
    project.write(
        "ventes.csv",
        "N° de commande;Créé le;Canal;Montant TTC;Taux;Payé;commande_id\r\n"
        "A1;31/12/2025;Réseaux;1 234,56 €;4,2 %;oui;1\r\nA2;01/01/2026;Site;12,00 €;5 %;non;2\r\n",
        "windows-1252",
    )
    text, graph = init(project.root)
    assert text == (
        "source ventes\n"
        '  from        "ventes.csv" separated by ";" decimal "," dates "%d/%m/%Y" encoding "windows-1252"\n'
        "  row         vente\n"
        "  time        `Créé le`\n"
        "  channel     Canal\n"
        "  column      `N° de commande` text\n"
        "  column      `Montant TTC` EUR\n"
        "  column      Taux %\n"
        "  column      Payé flag\n"
        "  key         commande_id\n"
        "\n"
        "# A first KPI. A target and a deadline make it a promise: `target at least 1_000 EUR`.\n"
        'kpi total_montant_ttc "Total montant ttc"\n'
        "  formula     sum(ventes.`Montant TTC`)\n"
        "  unit        EUR\n"
        "  measured    every month\n"
        "  by          channel\n"
    )
    assert {*graph.kpis} == {"total_montant_ttc"}


def test_tables_that_belong_together(project: Project) -> None:
    rows = "1,7,2026-01-01 10:00:00,5\n2,7,2026-01-02 10:00:00,6\n"
    project.write("orders.csv", f"order_id,user_id,created_at,total_usd\n{rows}")
    project.write(
        "users.jsonl",
        '{"user_id": 7, "plan": "pro", "joined": "2025-01-01"}\n{"user_id": 8, "plan": "pro"}\n',
    )
    text, graph = init(project.root)
    assert "  belongs to  users by user_id\n" in text
    assert graph.sources["orders"].key == ("order_id",)
    assert "  column      plan text\n" in text


def test_parts_of_one_table(project: Project) -> None:
    for month in ("2026-01", "2026-02"):
        project.write(f"ads/{month}.csv", f"day,platform,spend (EUR)\n{month}-01,google,2.5\n")
    text, _ = init(project.root)
    assert text.startswith('source ads\n  from        "ads/*.csv"\n')
    assert "`spend (EUR)` EUR" in text


def test_an_ambiguous_day_is_said(project: Project) -> None:
    project.write("a.csv", "day,v\n01/02/2026,1\n03/04/2026,2\n")
    text, _ = init(project.root)
    assert text.startswith(
        "# `01/02/2026` is read day first; every date of the file would also fit %m/%d/%Y\n"
    )
    project.write("a.csv", "day,v\n01/02/2026,1\n01/31/2026,2\n")
    text, _ = init(project.root)
    assert 'dates "%m/%d/%Y"' in text
    assert not text.startswith("#")


def test_an_ambiguous_number_is_said(project: Project) -> None:
    project.write("a.csv", 'day,v\n2026-01-01,"1,234"\n2026-01-02,"5,678"\n')
    text, _ = init(project.root)
    assert "# `1,234` is read as" in text


def test_a_late_surprise_makes_text(project: Project) -> None:
    project.write("a.csv", "day,v\n" + "2026-01-01,1\n" * 3000 + "2026-01-02,x\n")
    text, _ = init(project.root)
    assert "  column      v text  # not every cell is number\n" in text


def test_workbooks(project: Project) -> None:
    book = xlsxwriter.Workbook(project.root / "survey.xlsx")
    day, percent = book.add_format({"num_format": "dd/mm/yyyy"}), book.add_format({"num_format": "0%"})
    for title in ("Answers", "Réponses 2"):
        sheet = book.add_worksheet(title)
        sheet.write_row(0, 0, ["Date", "Score", "Share"])
        for i in range(1, 4):
            sheet.write_datetime(i, 0, datetime(2026, 1, i), day)
            sheet.write(i, 1, i)
            sheet.write(i, 2, 0.25, percent)
    book.add_worksheet("Notes")
    book.close()
    text, graph = init(project.root)
    assert {*graph.sources} == {"survey_answers", "survey_réponses_2"}
    assert 'sheet "Réponses 2"' in text
    assert "  column      Share %\n" in text


def test_parquet_files(project: Project) -> None:
    parquet(
        project.root / "events.parquet",
        "SELECT DATE '2026-01-01' + range::INTEGER AS day, 'google' AS channel, range AS clicks,"
        " 1.5::DECIMAL(9,2) AS cost_eur, range % 2 = 0 AS new FROM range(10)",
    )
    text, _ = init(project.root)
    assert "  column      clicks click\n  column      cost_eur EUR\n  column      new flag\n" in text


def test_odd_headers(project: Project) -> None:
    project.write("2026 data.csv", "day,a,a,,b`c,x y\n2026-01-01,1,2,3,4,5\n")
    _, graph = init(project.root)
    (spec,) = graph.sources.values()
    assert {column.name for column in spec.columns} == {"day", "x y"}


def test_files_that_cannot_be_read(project: Project) -> None:
    project.write("a.pdf", "x")
    project.write("b.csv", "")
    found = sniff([project.root / "a.pdf", project.root / "b.csv"], project.root)
    assert [each.code for each in found.problems] == ["K504", "K510"]
    assert found.text == ""


@pytest.mark.skipif(not ATELIER.is_dir(), reason="the example company is not there")
def test_the_example_company() -> None:
    _, graph = init(ATELIER)
    assert len(graph.sources) > 5


def test_words_for_no_value_are_told_from_texts(project: Project) -> None:
    project.write(
        "visits.csv",
        "day,source,country,pages,rate,paid,note\n"
        "2026-01-01,NULL,NA,3,-,true,none\n2026-01-02,ads,FR,n/a,0.5,false,NULL\n2026-01-03,mail,FR,4,NaN,NULL,none\n",
    )
    text, graph = init(project.root)
    assert '"visits.csv" missing "-" missing "NULL" missing "NaN" missing "n/a"\n' in text
    assert "# `-` is read as no value, not as 0\n" in text
    kinds = {column.name: column.type.kind for column in graph.sources["visits"].columns}
    assert kinds["pages"] == kinds["rate"] == "number"
    assert (kinds["paid"], kinds["country"], kinds["note"]) == ("flag", "text", "text")
    with Session(project.root, Calendar(), graph.sources.values()) as session:
        session.attach(graph.sources["visits"])
        found = session.fetch("SELECT count(country) AS a, count(source) AS b, count(note) AS c FROM visits")
    assert [int(found[each][0]) for each in "abc"] == [3, 2, 2]


def test_a_column_of_nothing_but_words_for_no_value_tells_nothing(project: Project) -> None:
    project.write("notes.csv", "day,a,b\n2026-01-01,NULL,NULL\n2026-01-02,NULL,x\n2026-01-03,NULL,NULL\n")
    text, _ = init(project.root)
    assert "missing" not in text


def test_rows_of_a_report_are_no_things(tmp_path: Path) -> None:
    (tmp_path / "ads.csv").write_text("day,platform,spend (EUR),clicks\n2026-01-05,google,12.5,30\n", "utf-8")
    text = sniff([tmp_path / "ads.csv"], tmp_path).text
    assert "  row " not in text
    assert 'kpi total_spend "Total spend"' in text

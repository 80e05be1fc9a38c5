"""CSV files as they arrive."""

from __future__ import annotations

from datetime import datetime

from tests.sources.conftest import Project, source


def test_plain(project: Project) -> None:
    project.write("a.csv", "day,channel,spend,clicks\n2026-01-05,google,12.50,3\n2026-01-06,,-0.5,\n")
    taken = project.take(
        source("a.csv", columns={"day": "time", "channel": "unknown", "spend": "EUR", "clicks": "click"})
    )
    assert taken.problems == ()
    assert taken.attached.kinds == {"day": "day", "channel": "text", "spend": "number", "clicks": "number"}
    assert taken.rows["spend"] == [12.5, -0.5]
    assert taken.rows["clicks"] == [3.0, None]
    assert taken.rows["channel"] == ["google", None]
    assert taken.rows["day"] == [datetime(2026, 1, 5), datetime(2026, 1, 6)]


def test_french_export(project: Project) -> None:
    text = "\ufeffCréé le;Montant;Taux;Qualifié\r\n"
    text += "31/12/2025 23:05;1 234,56 €;4,2 %;oui\r\n01/01/2026 00:00;-12,5;5;NON\r\n"
    columns = {"Créé le": "moment", "Montant": "EUR", "Taux": "%", "Qualifié": "flag"}
    spec = source("a.csv", decimal=",", dates="%d/%m/%Y", columns=columns)
    for encoding in (None, "windows-1252", "utf-16"):
        project.write("a.csv", text if encoding in (None, "utf-16") else text[1:], encoding or "utf-8")
        if encoding:
            spec = source("a.csv", decimal=",", dates="%d/%m/%Y", encoding=encoding, columns=columns)
        taken = project.take(spec)
        assert taken.problems == ()
        assert taken.rows["Montant"] == [1234.56, -12.5]
        assert taken.rows["Taux"] == [0.042, 0.05]
        assert taken.rows["Qualifié"] == [True, False]
        assert taken.rows["Créé le"] == [datetime(2025, 12, 31, 23, 5), datetime(2026, 1, 1)]


def test_days_are_dates(project: Project) -> None:
    project.write("a.csv", "day\n2026-03-29\n")
    with project.session(spec := source("a.csv", day="day")) as session:
        session.attach(spec)
        assert session.fetch("SELECT typeof(day) AS t FROM data")["t"].tolist() == ["DATE"]


def test_files_laid_out_in_different_ways_are_one_source(project: Project) -> None:
    project.write("d/1.csv", "day,spend\n2026-01-01,1\n")
    project.write("d/2.csv", "day,spend\n2026-02-01,2\n2026-02-02,3\n")
    project.write("d/3.csv", "spend;note;day\n4;x;2026-03-01\n")
    project.write("d/4.csv", "day,spend\n2026-04-01,5\n")
    taken = project.take(source("d/*.csv", day="day", spend="EUR"))
    assert taken.rows["spend"] == [1, 2, 3, 4, 5]
    assert [day.month for day in taken.rows["day"]] == [1, 2, 2, 3, 4]


def test_of_many_files_the_faulty_one_is_named(project: Project) -> None:
    for n in range(1, 6):
        row = "2026-01-02,2,3" if n == 4 else f"2026-01-0{n},{'two' if n == 3 else n}"
        project.write(f"d/{n}.csv", f"day,spend\n2026-01-01,1\n{row}\n")
    assert project.take(source("d/*.csv", day="day", spend="EUR")).only.place == "d/4.csv:3"
    (project.root / "d/4.csv").unlink()
    assert project.take(source("d/*.csv", day="day", spend="EUR")).only.place == 'd/3.csv:3, column "spend"'


def test_of_many_files_the_one_with_a_wrong_byte_is_named(project: Project) -> None:
    project.write("d/1.csv", "day,name\n2026-01-01,a\n")
    project.write("d/2.csv", b"day,name\n2026-01-01,\xe9\n")
    project.write("d/3.csv", "day,name\n2026-01-01,a\n")
    problem = project.take(source("d/*.csv", day="day", name="text")).only
    assert (problem.code, problem.place) == ("K512", "d/2.csv:2")


def test_many_files_in_another_encoding(project: Project) -> None:
    for n in (1, 2, 3):
        project.write(f"d/{n}.csv", f"name,spend\né{n},{n}\n", "utf-16")
    taken = project.take(source("d/*.csv", name="text", spend="EUR", encoding="utf-16"))
    assert (taken.rows["name"], taken.rows["spend"]) == (["é1", "é2", "é3"], [1, 2, 3])

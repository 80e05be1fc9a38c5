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

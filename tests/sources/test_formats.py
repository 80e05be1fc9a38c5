"""JSON lines, workbooks, databases, tables in memory: the same rows whatever they come in."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
import xlsxwriter

from kpidsl.evaluate.database import _closed
from kpidsl.evaluate.files import DataFile
from kpidsl.model.sources import Files, Table
from tests.sources.conftest import Project, Taken, source

ROWS: list[dict[str, Any]] = [
    {"day": date(2026, 1, 5), "channel": "google", "spend": 1234.5, "clicks": 3, "new": True},
    {"day": date(2026, 1, 6), "channel": None, "spend": None, "clicks": 0, "new": False},
]
COLUMNS = {"day": "time", "channel": "unknown", "spend": "EUR", "clicks": "click", "new": "flag"}


def same(taken: Taken, kind: str = "day") -> None:
    assert taken.problems == ()
    assert taken.attached.kinds["day"] == kind
    assert taken.rows["day"] == [datetime(2026, 1, 5), datetime(2026, 1, 6)]
    assert taken.rows["channel"] == ["google", None]
    assert taken.rows["spend"] == [1234.5, None]
    assert taken.rows["clicks"] == [3.0, 0.0]
    assert taken.rows["new"] == [True, False]


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, default=str) + "\n" for row in rows)


@pytest.mark.parametrize("decimal", [None, ","])
def test_json_lines(project: Project, decimal: str | None) -> None:
    project.write("a.jsonl", "\n" + lines(ROWS) + "\n")
    same(project.take(source("a.jsonl", decimal=decimal, columns=COLUMNS)))


def test_json_array(project: Project) -> None:
    project.write("a.json", json.dumps(ROWS, default=str, indent=1))
    same(project.take(source("a.json", columns=COLUMNS)))


def test_json_keys_of_all_kinds(project: Project) -> None:
    project.write("a.ndjson", json.dumps({"a/b": 1, "$.c": 2, "~d": "3", 'e"f': 4, "id": 17.0}))
    taken = project.take(
        source(
            "a.ndjson",
            columns={"a/b": "number", "$.c": "number", "~d": "number", 'e"f': "number", "id": "identity"},
        )
    )
    assert taken.problems == ()
    assert taken.rows == {"a/b": [1], "$.c": [2], "~d": [3], 'e"f': [4], "id": ["17"]}


def test_a_broken_line_is_located(project: Project) -> None:
    project.write("a.jsonl", '{"a": 1}\n\n{"a": 2\n')
    taken = project.take(source("a.jsonl", a="number"))
    assert taken.only.code == "K513"
    assert taken.only.place == "a.jsonl:3:8"


def test_a_line_that_is_no_object(project: Project) -> None:
    project.write("a.jsonl", '{"a": 1}\n5\n')
    assert project.take(source("a.jsonl", a="number")).only.message == "`5` is not an object"


def test_a_bad_value_in_json_is_located(project: Project) -> None:
    project.write("a.jsonl", '{"a": 1}\n\n{"a": "x"}\n{"b": 1}\n')
    taken = project.take(source("a.jsonl", a="number"))
    assert (taken.only.message, taken.only.place) == ("`x` is no number", 'a.jsonl:3, column "a"')


def workbook(path: Path, *sheets: str) -> None:
    book = xlsxwriter.Workbook(path)
    day, moment = (
        book.add_format({"num_format": "dd/mm/yyyy"}),
        book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
    )
    percent = book.add_format({"num_format": "0.0%"})
    for title in sheets or ("Data",):
        sheet = book.add_worksheet(title)
        sheet.write_row(
            1, 1, ["day", "channel", "spend", "clicks", "new", "rate", "bare rate", "at", "id", "said"]
        )
        for i, row in enumerate(ROWS):
            sheet.write_datetime(2 + i, 1, datetime.combine(row["day"], datetime.min.time()), day)
            sheet.write_row(2 + i, 2, [row["channel"], row["spend"], row["clicks"], row["new"]])
            sheet.write(2 + i, 6, 0.042, percent)
            sheet.write(2 + i, 7, 4.2)
            sheet.write_datetime(2 + i, 8, datetime(2026, 1, 2, 3, 4), moment)
            sheet.write(2 + i, 9, 75001)
            sheet.write(2 + i, 10, "12,50 €")
    book.close()


@pytest.mark.parametrize("dates", [None, "%d/%m/%Y"])
def test_workbook(project: Project, dates: str | None) -> None:
    workbook(project.root / "a.xlsx")
    more = {"rate": "%", "bare rate": "%", "at": "moment", "id": "text", "said": "EUR"}
    taken = project.take(source("a.xlsx", decimal=",", dates=dates, columns=COLUMNS | more))
    same(taken)
    assert taken.rows["rate"] == pytest.approx([0.042, 0.042])
    assert taken.rows["bare rate"] == pytest.approx([0.042, 0.042])
    assert taken.rows["at"] == [datetime(2026, 1, 2, 3, 4)] * 2
    assert taken.rows["id"] == ["75001", "75001"]
    assert taken.rows["said"] == [12.5, 12.5]


def test_sheets(project: Project) -> None:
    workbook(project.root / "a.xlsx", "Leads", "Orders")
    assert project.take(source("a.xlsx", sheet="Orders", clicks="click")).rows == {"clicks": [3.0, 0.0]}
    unnamed = project.take(source("a.xlsx", clicks="click")).only
    assert unnamed.code == "K514"
    assert "`Leads`, `Orders`" in unnamed.notes[0]
    missing = project.take(source("a.xlsx", sheet="Order", clicks="click")).only
    assert missing.notes[0] == "a similar name: `Orders`"


def test_an_error_cell_of_a_workbook(project: Project) -> None:
    book = xlsxwriter.Workbook(project.root / "a.xlsx")
    sheet = book.add_worksheet("S")
    sheet.write(0, 0, "a")
    sheet.write(1, 0, 1)
    sheet.write_formula(2, 0, "=1/0", None, "#DIV/0!")
    book.close()
    taken = project.take(source("a.xlsx", a="number"))
    assert taken.only.message == "`#DIV/0!` is no number"
    assert taken.only.place == 'a.xlsx, sheet "S", row 3, column "a"'


def test_no_workbook(project: Project) -> None:
    project.write("a.xlsx", "hello")
    assert project.take(source("a.xlsx", a="number")).only.code == "K513"


def database(path: Path) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA shop")
        connection.register("rows", polars.DataFrame(ROWS).to_arrow())
        connection.execute("CREATE TABLE shop.orders AS SELECT * FROM rows")
    return path


def test_database_file(project: Project) -> None:
    database(project.root / "a.duckdb")
    same(project.take(source("a.duckdb", table="shop.orders", columns=COLUMNS)))
    same(project.take(source("a.duckdb", table="orders", columns=COLUMNS)))
    missing = project.take(source("a.duckdb", table="shop.order", columns=COLUMNS)).only
    assert (missing.code, missing.notes[0]) == ("K517", "a similar name: `shop.orders`")
    assert project.take(source("a.duckdb", columns=COLUMNS)).only.code == "K517"


def test_connection(project: Project) -> None:
    database(project.root / "a.duckdb")
    project.connections = {"shop": "duckdb:///a.duckdb", "lake": "mysql://host/db"}
    same(project.take(source(Table("shop.orders", "shop"), columns=COLUMNS)))
    assert project.take(source(Table("t", "lake"), a="number")).only.code == "K516"
    assert project.take(source(Table("t", "shp"), a="number")).only.code == "K515"
    project.connections = {"shop": "duckdb:///gone.duckdb"}
    assert project.take(source(Table("shop.orders", None), a="number")).only.code == "K501"


WRITER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE more (a INT)")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("place", ["file", "connection"])
def test_a_database_that_someone_writes_to_is_locked(project: Project, place: str) -> None:
    path = database(project.root / "a.duckdb")
    project.connections = {"shop": "duckdb:///a.duckdb"}
    spec = source("a.duckdb", table="orders", columns=COLUMNS)
    if place == "connection":
        spec = source(Table("orders", "shop"), columns=COLUMNS)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        locked = project.take(spec).only
        writer.communicate("")
    assert locked.code == "K503"
    shown = "a.duckdb" if place == "file" else "connection shop"
    assert locked.message.startswith(f"`{shown}` is locked: ")
    assert f"process {writer.pid}" in locked.message
    assert str(project.root) not in "".join([locked.message, *locked.notes, locked.help or ""])
    same(project.take(spec))


@pytest.mark.parametrize(
    ("said", "holder"),
    [
        (
            'IO Error: Could not set lock on file "x": Conflicting lock is held in /usr/bin/python3.12'
            " (PID 4711) by user ann. See also https://duckdb.org/docs/stable/connect/concurrency",
            "python3.12 (process 4711 of ann)",
        ),
        (
            'IO Error: Could not set lock on file "x": Conflicting lock is held in PID 4711. See also',
            "process 4711",
        ),
        ('IO Error: Could not set lock on file "x": Conflicting lock is held in PID 0.', "another process"),
        ('IO Error: Could not set lock on file "x": Resource temporarily unavailable', "another process"),
        (
            'IO Error: Cannot open file "x": The process cannot access the file because it is being used by'
            " another process.\n\nFile is already open in \nC:\\Program Files\\duckdb.exe (PID 4711)",
            "duckdb.exe (process 4711)",
        ),
    ],
)
def test_who_has_a_database_is_told_as_far_as_it_is_known(tmp_path: Path, said: str, holder: str) -> None:
    found = _closed(DataFile(tmp_path / "x", "x"), said, None)
    assert (found.code, found.message) == ("K503", f"`x` is locked: {holder} has it open for writing")


def test_what_is_no_database_is_not_locked(project: Project) -> None:
    project.write("a.duckdb", "no database" * 1000)
    assert project.take(source("a.duckdb", table="orders", columns=COLUMNS)).only.code == "K513"


def test_the_database_is_left_as_it_was(project: Project) -> None:
    path = database(project.root / "a.duckdb")
    before = path.read_bytes()
    project.take(source("a.duckdb", table="orders", columns=COLUMNS))
    assert path.read_bytes() == before
    assert [each.name for each in project.root.iterdir()] == ["a.duckdb"]


TABLES = {
    "pandas": lambda: pandas.DataFrame(ROWS),
    "polars": lambda: polars.DataFrame(ROWS),
    "lazy": lambda: polars.LazyFrame(ROWS),
    "arrow": lambda: pyarrow.Table.from_pylist(ROWS),
    "rows": lambda: ROWS,
    "lists": lambda: {key: [row[key] for row in ROWS] for key in COLUMNS},
    "duckdb": lambda: duckdb.connect().from_arrow(pyarrow.Table.from_pylist(ROWS)),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_in_memory(project: Project, kind: str) -> None:
    taken = project.take(source("nowhere.csv", columns=COLUMNS), data=TABLES[kind]())
    same(taken, taken.attached.kinds["day"])


def test_a_time_with_a_zone_in_pandas(project: Project) -> None:
    at = pandas.to_datetime(["2026-03-29 00:30", "2026-03-29 01:30"]).tz_localize("UTC")
    taken = project.take(source("nowhere.csv", at="time"), data=pandas.DataFrame({"at": at}))
    assert taken.rows["at"] == [datetime(2026, 3, 29, 1, 30), datetime(2026, 3, 29, 3, 30)]


@pytest.mark.parametrize("thing", [5, [], {"a": 1}, object()])
def test_what_is_no_table(project: Project, thing: object) -> None:
    assert project.take(source("nowhere.csv", a="number"), data=thing).only.code == "K527"


def test_a_path_as_data_may_be_anywhere(project: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text("a\n1,5\n".replace(",", ";"))
    (tmp_path / "elsewhere.csv").write_text('a\n"1,5"\n')
    taken = project.take(
        source(Files("nowhere.csv", ".", decimal=","), a="number"), data=tmp_path / "elsewhere.csv"
    )
    assert taken.rows == {"a": [1.5]}


def test_missing_column_of_a_table(project: Project) -> None:
    taken = project.take(source("nowhere.csv", Spend="EUR"), data={"spend": [1.0]})
    assert taken.only.code == "K505"
    assert taken.only.notes[0] == "the data has `spend`, which differs in upper and lower case only"


def test_wrong_type(project: Project) -> None:
    taken = project.take(source("nowhere.csv", a="EUR", b="day"), data={"a": [date(2026, 1, 1)], "b": [1.5]})
    assert [p.code for p in taken.problems] == ["K518", "K518"]
    assert taken.problems[0].message == "`a` is declared in EUR, the data has days there"


def test_nothing_is_imported_for_nothing() -> None:
    import subprocess

    code = (
        "import sys, kpidsl.evaluate.session\n"
        "print([m for m in 'pandas polars pyarrow python_calamine sqlglot'.split() if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


WORDS = [
    ("2026-01-05", "1", "a"),
    ("NULL", " - ", " NULL "),
    ("2026-01-07", "NULL", "null"),
    ("2026-01-08", "4", "-"),
]
NAMES = ("day", "n", "who")


def worded(project: Project, form: str) -> tuple[str | None, object]:
    """A file of texts in some format, or the data that is given for one."""
    cells = {name: [row[i] for row in WORDS] for i, name in enumerate(NAMES)}
    match form:
        case "csv":
            project.write("a.csv", "\n".join(",".join(row) for row in (NAMES, *WORDS)))
        case "jsonl":
            project.write("a.jsonl", lines([dict(zip(NAMES, row, strict=True)) for row in WORDS]))
        case "xlsx":
            with xlsxwriter.Workbook(project.root / "a.xlsx") as book:
                sheet = book.add_worksheet("s")
                for i, row in enumerate((NAMES, *WORDS)):
                    sheet.write_row(i, 0, row)
        case "parquet":
            pyarrow.parquet.write_table(pyarrow.table(cells), project.root / "a.parquet")
        case "duckdb":
            with duckdb.connect(project.root / "a.duckdb") as db:
                db.execute("CREATE TABLE t (day VARCHAR, n VARCHAR, who VARCHAR)")
                db.executemany("INSERT INTO t VALUES (?, ?, ?)", WORDS)
        case _:
            return None, cells
    return f"a.{form}", None


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx", "parquet", "duckdb", "lists"])
def test_words_that_mean_no_value(project: Project, form: str) -> None:
    file, data = worded(project, form)
    columns = {"day": "time", "n": "number", "who": "text"}
    table = "t" if form == "duckdb" else None
    taken = project.take(
        source(file or "none.csv", missing=("NULL", "-"), table=table, columns=columns), data
    )
    assert taken.problems == ()
    assert [day and day.day for day in taken.rows["day"]] == [5, None, 7, 8]
    assert taken.rows["n"] == [1.0, None, None, 4.0]
    assert taken.rows["who"] == ["a", None, "null", None]

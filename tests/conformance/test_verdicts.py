"""One project of many KPIs, from its files to its verdicts: the same from every engine."""

import math
from datetime import datetime

import pyarrow as pa
import pytest

import kpidsl
from tests.engines import shop

AS_OF = "2026-06-30"
_SPRING = datetime(2026, 3, 29, 2), datetime(2026, 3, 29, 3)


def tables():
    data = shop.rows()
    # an hour that no clock shows cannot be stored as an instant
    data["views"] = [row for row in data["views"] if not _SPRING[0] <= row["created"] < _SPRING[1]]
    for title, columns in shop.TABLES.items():
        schema = pa.schema([(name, shop.ARROW[kind]) for name, kind in columns.items()])
        yield title, pa.Table.from_pylist(data[title], schema=schema)


def judged(folder, places, connections):
    """What the project of a folder comes to, as data."""
    folder.mkdir(exist_ok=True)
    urls = "".join(f'[connections.{name}]\nurl = "{url}"\n' for name, url in connections.items())
    (folder / "kpi.toml").write_text(urls, "utf-8")
    (folder / "shop.kpi").write_text(shop.spec(places), "utf-8")
    try:
        found = kpidsl.load(folder / "shop.kpi").evaluate(as_of=AS_OF)
    finally:
        (folder / "shop.kpi").unlink()
    assert [d.code for d in found.diagnostics if d.severity.word == "error"] == []
    return found


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    from tests.conformance.homes import ParquetFiles

    home = ParquetFiles("yardstick", tmp_path_factory.mktemp("yardstick"))
    for title, table in tables():
        home.put(title, table)
    return judged(home.folder, {title: home.source(title) for title in shop.TABLES}, {})


def test_the_verdicts_are_those_over_files(home, expected):
    for title, table in tables():
        home.put(f"shop_{title}", table, zone="Europe/Paris")
    places = {title: home.source(f"shop_{title}") for title in shop.TABLES}
    found = judged(home.folder, places, home.connections)
    verdicts = [told(each) for each in (found, expected)]
    assert len(verdicts[0]) == len(verdicts[1]) > 100
    for (ours, value), (theirs, wanted) in zip(*verdicts, strict=True):
        assert ours == theirs
        assert value == wanted or math.isclose(value, wanted, rel_tol=1e-9), (ours, value, wanted)
    assert promises(found) == promises(expected)


def told(found):
    """Every verdict, with its value apart."""
    every = [v for one in found.judged for v in (one.headline, *one.slices, *one.history)]
    return [((v.kpi, v.slice, v.window, v.word, v.rows, v.why), v.value) for v in every]


def promises(found):
    return {
        name: (p.rows, p.first, p.watermark, sorted(d.message for d in p.problems))
        for name, p in found.sources.items()
    }

"""The line that says how far an evaluation is: what it says, in how many cells."""

from __future__ import annotations

import io

import pytest

from kpidsl.cli.bar import Bar, line
from kpidsl.evaluate.progress import Progress, Seen
from kpidsl.render.cells import width

HALF = Seen("aggregating", "orders", 50_000_000, 100_000_000, "rows", 40)
LONG = Seen("reading", "\x1b[31mcommandes_de_l_été_東京" * 5, 1.2e9, 4.8e9, "bytes", 4000)


def test_the_line() -> None:
    assert (
        line(HALF, 99) == "aggregating orders  ██████████··········   50%"
        "  50,000,000 of 100,000,000 rows  about 40 s left"
    )
    assert line(HALF, 60, unicode=False) == (
        "aggregating orders  [##########----------]   50%"[:0] + "aggregating orders   50%  about 40 s left"
    )


@pytest.mark.parametrize("cells", range(1, 201))
@pytest.mark.parametrize("seen", [HALF, LONG, Seen("judging", None, 0, 0, "KPIs", 3)])
def test_it_is_never_wider_than_it_may_be(seen: Seen, cells: int) -> None:
    for unicode in (True, False):
        text = line(seen, cells, unicode)
        assert width(text) <= cells
        assert "\x1b" not in text
        assert text.isascii() or unicode or seen is LONG or cells < 30


@pytest.mark.parametrize(
    ("seconds", "said"), [(40, "about 40 s"), (1200, "about 20 min"), (36000, "about 10.0 h"), (0.5, "")]
)
def test_the_time_that_is_left(seconds: float, said: str) -> None:
    seen = Seen("aggregating", "s", 5, 10, "rows", seconds)
    assert (f"{said} left" in line(seen, 150)) if said else "left" not in line(seen, 150)


def test_it_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    bar = Bar(stream, unicode=True)
    bar.clear()
    assert stream.getvalue() == "", "nothing was drawn"
    bar.draw(HALF)
    bar.clear()
    assert stream.getvalue().startswith("\raggregating orders")
    assert stream.getvalue().endswith("\x1b[K\r\x1b[K")


def test_how_far_the_parts_are() -> None:
    progress = Progress()
    progress.begin("aggregating", [100, 300])
    with progress.part("a", 100, once=True), progress.query(lambda: 0.5):
        assert (progress.seen().done, progress.seen().total) == (50, 400)
    with progress.part("b", 300, once=True), progress.query(lambda: None):
        assert progress.seen().share == 0.25
        assert progress.told() == "aggregating `b`, 1 of 2 parts done"
    assert progress.seen().share == 1


def test_several_queries_of_a_part_never_go_back() -> None:
    progress = Progress()
    progress.begin("reading", [100], "bytes")
    seen = []
    with progress.part("a", 100):
        for _ in range(4):
            for share in (0.0, 0.5, 1.0):
                with progress.query(lambda share=share: share):
                    seen.append(progress.seen().done)
    assert seen == sorted(seen)
    assert seen[-1] < 100

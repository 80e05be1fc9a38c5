"""How a KPI became what it is, commit by commit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kpidsl.diff.history import history
from kpidsl.diff.stretches import Stretches
from kpidsl.evaluate.progress import Progress
from kpidsl.git import log, repository, tree, trees
from kpidsl.revision import load
from tests.diff.test_git import SPEC, target
from tests.diff.world import commit, git
from tests.diff.world import repository as created


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = created(tmp_path / "home", {"kpis.kpi": SPEC, "kpi.toml": ""})
    monkeypatch.chdir(home)
    return home


def steps(home: Path, kpi: str, **more: int) -> list[tuple[date, str, list[str]]]:
    found = history(repository(home), kpi, [home], **more)
    return [(s.commit.day, s.commit.author, [c.said for c in s.changes]) for s in found.steps]


LOOSER = "target loosened from at most 100 EUR to at most 120 EUR (+20%)"


def test_each_change_with_its_day_and_author(home: Path) -> None:
    commit(home, {"kpis.kpi": target(120)}, day="2026-02-01", author="Grace Hopper")
    commit(home, {"kpis.kpi": "# a comment\n\n" + target(120)}, day="2026-03-01")
    commit(home, {"notes.md": "nothing"}, day="2026-03-02")
    commit(home, {"more.kpi": "measure other = sum(ads.spend)\n"}, day="2026-03-03")
    assert steps(home, "spend") == [
        (date(2026, 2, 1), "Grace Hopper", [LOOSER]),
        (date(2026, 1, 1), "Ada Lovelace", ["added"]),
    ]


def test_through_renames_and_after_the_end(home: Path) -> None:
    commit(home, {"kpis.kpi": target(120)}, day="2026-02-01")
    commit(home, {"kpis.kpi": target(120).replace("kpi spend", "kpi cost")}, day="2026-03-01")
    commit(home, {"kpis.kpi": target(120).replace("kpi spend", "kpi price")}, day="2026-04-01")
    renamed = [(date(2026, 3, 1), "Ada Lovelace", ["renamed from `spend`"])]
    before = [(date(2026, 2, 1), "Ada Lovelace", [LOOSER]), (date(2026, 1, 1), "Ada Lovelace", ["added"])]
    assert steps(home, "price") == [
        (date(2026, 4, 1), "Ada Lovelace", ["renamed from `cost`"]),
        *renamed,
        *before,
    ]
    assert steps(home, "spend") == [(date(2026, 3, 1), "Ada Lovelace", ["renamed to `cost`"]), *before]
    commit(home, {"kpis.kpi": SPEC.partition("kpi spend")[0]}, day="2026-05-01")
    assert steps(home, "price")[0][2] == ["removed"]


def test_a_merge_repeats_nothing(home: Path) -> None:
    git(home, "checkout", "-q", "-b", "side")
    commit(home, {"kpis.kpi": target(120)}, day="2026-02-01", author="Grace Hopper")
    git(home, "checkout", "-q", "main")
    commit(home, {"more.kpi": "measure other = sum(ads.spend)\n"}, day="2026-02-02")
    git(home, "merge", "-q", "--no-ff", "-m", "Merge", "side", day="2026-02-03")
    assert [found[1:] for found in steps(home, "spend")] == [
        ("Grace Hopper", [LOOSER]),
        ("Ada Lovelace", ["added"]),
    ]


def test_over_a_commit_in_which_it_was_broken(home: Path) -> None:
    commit(home, {"kpis.kpi": target(120).replace("at most", "atmost")}, day="2026-02-01")
    commit(home, {"kpis.kpi": target(120)}, day="2026-02-02")
    assert [found[2] for found in steps(home, "spend")] == [[LOOSER], ["added"]]


def test_only_so_many_commits(home: Path) -> None:
    for number in range(3):
        commit(home, {"kpis.kpi": target(120 + number)})
    assert len(steps(home, "spend", most=2)) == 2
    found = history(repository(home), "spend", [home], most=2)
    assert [d.code for d in found.diagnostics] == ["K753"]
    assert not history(repository(home), "spend", [home]).diagnostics


def test_a_shallow_clone_does_not_say_that_all_began_there(home: Path, tmp_path: Path) -> None:
    commit(home, {"kpis.kpi": target(120)}, day="2026-02-01")
    commit(home, {"kpis.kpi": target(130)}, day="2026-03-01")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{home}", str(clone))
    found = history(repository(clone), "spend", [clone])
    assert [step.commit.day for step in found.steps] == [date(2026, 3, 1)]
    assert "--unshallow" in (found.diagnostics[0].help or "")


def test_through_the_move_of_its_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = created(tmp_path / "home", {"an old place/sub/kpis.kpi": SPEC, "an old place/kpi.toml": ""})
    commit(home, {"an old place/sub/kpis.kpi": target(120)}, day="2026-02-01")
    git(home, "mv", "an old place", "é")
    commit(home, {"é/sub/kpis.kpi": target(120).replace("kpi spend", "kpi cost")}, day="2026-03-01")
    commit(home, {"é/sub/kpis.kpi": target(150).replace("kpi spend", "kpi cost")}, day="2026-04-01")
    loosest = "target loosened from at most 120 EUR to at most 150 EUR (+25%)"
    every = [
        (date(2026, 4, 1), "Ada Lovelace", [loosest]),
        (date(2026, 3, 1), "Ada Lovelace", ["renamed from `spend`"]),
        (date(2026, 2, 1), "Ada Lovelace", [LOOSER]),
        (date(2026, 1, 1), "Ada Lovelace", ["added"]),
    ]
    for path in ("é", "é/sub", "é/sub/kpis.kpi", "."):
        found = history(repository(home), "cost", [home / path])
        said = [(s.commit.day, s.commit.author, [c.said for c in s.changes]) for s in found.steps]
        assert (path, said) == (path, every)
    assert len(history(repository(home), "cost", [home / "é"], most=3).steps) == 3


WIDE = """source ads
  from "ads.csv"
  time day
  column amount EUR
  column leads lead
  column area text

let most = 100 EUR

measure total = sum(ads.amount)
measure inner = total + sum(ads.amount)

kpi spend
  formula total
  target at most most
  measured every month

kpi double
  formula inner
  target at most 250 EUR
  measured every month

kpi other
  formula count(ads)
  target at least 5 row
  measured every month
"""


def edits() -> list[dict[str, str | None]]:
    """Commits of every kind: that matter to one, to several and to none; that break and that mend."""
    a = WIDE
    found: list[dict[str, str | None]] = [{"kpis.kpi": a}]

    def then(old: str, new: str, **more: str | None) -> None:
        nonlocal a
        assert old in a
        a = a.replace(old, new)
        found.append({"kpis.kpi": a} | {name.replace("_", "."): text for name, text in more.items()})

    then("at least 5 row", "at least 6 row")
    then("let most = 100 EUR", "let most = 120 EUR")
    then("measure total = sum(ads.amount)", 'measure total = sum(ads.amount where area = "north")')
    then("measure total", "# said\nmeasure total")
    then("at most 250 EUR", "atmost 260 EUR")
    then("at least 6 row", "at least 7 row")
    then("atmost 260 EUR", "at most 270 EUR")
    then("kpi spend", "kpi cost")
    then("", "", more_kpi="measure amount = count(ads)\n")
    then("", "", more_kpi=None)
    then("", "", more_kpi='import "kpis.kpi"\n\nkpi cost\n  formula count(ads)\n  target at least 1 row\n')
    then("at least 7 row", "at least 8 row", more_kpi="")
    then("column area text", "column area text\n  column area2 text")
    then('from "ads.csv"', 'from "adverts.csv"')
    then("kpi other", 'test "t"\n  given ads\n    | day |\n\nkpi other')
    then("measure inner = total", "measure inner = 2 * total")
    found.append({"kpis.kpi": None, "sub/kpis.kpi": a})
    found.append({"kpi.toml": 'exclude = ["sub"]\n'})
    found.append({"kpi.toml": ""})
    found.append({"sub/kpis.kpi": a.replace("at least 8 row", "at least 9 row")})
    return found


def test_what_is_not_compiled_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *rest = edits()
    home = created(tmp_path / "home", first)
    monkeypatch.chdir(home)
    for number, files in enumerate(rest):
        commit(home, files, f"commit {number}", day=f"2026-02-{number + 1:02}")
    for kpi in ("cost", "double", "other"):
        quick = steps(home, kpi)
        with monkeypatch.context() as patched:
            patched.setattr(Stretches, "same", lambda *_: False)
            slow = steps(home, kpi)
        assert quick == slow
        assert len(quick) > 3


def test_only_commits_that_touch_what_it_rests_on_are_compiled(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = SPEC.partition("\n\n")[2].replace("kpi spend", "kpi other")
    for number in range(8):
        commit(home, {"kpis.kpi": f"{SPEC}\n{target(number + 1, more)}"})
    looked: list[int] = []
    monkeypatch.setattr("kpidsl.diff.history.load", lambda *given: looked.append(1) or load(*given))
    progress = Progress()
    found = history(repository(home), "spend", [home], progress=progress)
    assert [change.said for step in found.steps for change in step.changes] == ["added"]
    assert len(looked) == 2, "the newest, and the one in which it begins"
    assert (progress.seen().done, progress.seen().total, progress.seen().noun) == (9, 9, "commits")


def test_each_level_of_folders_is_read(home: Path) -> None:
    commit(home, {"a/b/é/deep.kpi": "let one = 1\n", "a/b/notes.md": "", "kpi.toml": ""})
    here = repository(home)
    commits = log(here, "HEAD")
    found = trees(here, [c.id for c in commits], lambda name: name.endswith((".kpi", ".toml")))
    for one in commits:
        every = {path: blob for path, blob in tree(here, one).items() if not path.endswith(".md")}
        assert found[one.id] == every
    assert "a/b/é/deep.kpi" in found[commits[0].id]

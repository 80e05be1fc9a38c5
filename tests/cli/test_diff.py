"""`kpi diff`, `kpi breaking` and `kpi history` as processes: outputs, messages, codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import problems
from tests.diff.world import commit, git
from tests.project import ROOT, SPECS, kpi, write

LOOSE = SPECS.replace("at most 25 EUR", "at most 30 EUR")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    git(write(tmp_path), "init", "-q")
    commit(tmp_path, {}, "The beginning")
    return tmp_path


def schema_of(folder: Path, name: str) -> dict:
    return json.loads(kpi(folder, "schema", name).out)


# -- diff --------------------------------------------------------------------------------------------


def test_nothing_differs(home: Path) -> None:
    run = kpi(home, "diff", "main")
    assert (run.code, run.err) == (0, "")
    assert run.out.endswith("nothing means anything else\n")
    assert kpi(home, "diff", "main", "--quiet").out == ""
    assert kpi(home, "diff", "main", "--exit-code").code == 0


def test_changes_in_every_format(home: Path) -> None:
    (home / "kpis.kpi").write_text(LOOSE.replace('owner       "Acquisition"', 'owner       "Sales | é"'))
    formats = ("text", "json=a.json", "markdown=a.md", "changelog=a.txt")
    asked = [word for name in formats for word in ("--format", name)]
    run = kpi(home, "diff", "main", "--exit-code", *asked)
    assert (run.code, run.err) == (1, "")
    assert "target loosened from at most 25 EUR per lead to at most 30 EUR per lead (+20%)" in " ".join(
        run.out.split()
    )
    assert "\x1b" not in run.out
    found = json.loads((home / "a.json").read_text())
    assert [(c["category"], c["loud"], c["breaking"]) for c in found["changes"]] == [
        ("TARGET", True, True),
        ("DOC", False, False),
    ]
    assert (found["bump"], found["old"]["name"], found["new"]["commit"]) == ("minor", "main", None)
    schema = schema_of(home, "diff")
    assert list(problems(found, schema, schema, "$")) == []
    markdown = (home / "a.md").read_text()
    assert "> 🔴 **cost\\_per\\_lead**" in markdown
    assert "Sales \\| é" in markdown
    assert "### Promises" in (home / "a.txt").read_text()


def test_on_the_same_rows(home: Path) -> None:
    (home / "kpis.kpi").write_text(
        LOOSE.replace("ad_spend / leads", "ad_spend / (leads + leads)").replace("at least 12", "at least 11")
        + "\nkpi more\n  formula ad_spend\n"
    )
    run = kpi(home, "diff", "main", "--data", "--format", "json")
    assert (run.code, run.err) == (0, "")
    found = json.loads(run.out)
    schema = schema_of(home, "diff")
    assert list(problems(found, schema, schema, "$")) == []
    rows = {(row["kpi"], tuple(row["slice"].values())): row for row in found["values"]["kpis"]}
    total = rows["cost_per_lead", ()]
    assert (total["before"]["value"], total["after"]["value"], total["delta"]) == (30.0, 15.0, -15.0)
    assert (total["before"]["word"], total["after"]["word"], total["turned"]) == ("missed", "met", True)
    assert rows["more", ()]["before"] is None
    # google: 90 EUR and 3 leads in 2026-02
    assert (
        rows["cost_per_lead", ("google",)]["before"]["value"],
        rows["cost_per_lead", ("google",)]["after"]["value"],
    ) == (30.0, 15.0)
    text = kpi(home, "diff", "main", "--data").out
    assert "on the same rows, as of 2026-03-10" in text
    assert "-15 EUR/lead" in text


def test_what_can_be_evaluated_on_neither_side_is_not_the_same(home: Path) -> None:
    (home / "ads.csv").write_text("")
    run = kpi(home, "diff", "main", "--data", "--format", "json")
    values = json.loads(run.out)["values"]
    assert (run.code, values["same"], values["kpis"]) == (2, 1, [])  # leads are not in that file
    assert values["failed"] > 0
    said = f"1 the same, {values['failed']} could be evaluated on neither side"
    assert said in kpi(home, "diff", "main", "--data").out


def test_the_data_of_the_old_folder_is_not_read(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, text in ((old, LOOSE), (new, SPECS)):
        folder.mkdir()
        write(folder, text)
    (old / "ads.csv").write_text("day,platform,spend\n2026-02-10,google,999\n")
    found = json.loads(kpi(tmp_path, "diff", "old", "new", "--data", "--format", "json").out)
    assert found["diagnostics"] == []
    (row,) = [r for r in found["values"]["kpis"] if r["kpi"] == "cost_per_lead" and not r["slice"]]
    assert (row["before"]["value"], row["after"]["value"], row["delta"]) == (30.0, 30.0, 0.0)
    assert (row["before"]["word"], row["after"]["word"]) == ("met", "missed")


def test_what_cannot_be_compared_is_in_every_output_of_breaking(home: Path) -> None:
    formats = [part for name in ("json", "sarif", "junit") for part in ("--format", f"{name}=out.{name}")]
    run = kpi(home, "breaking", "--against", "mian", *formats, "--format", "text")
    assert (run.code, run.err) == (2, "")
    assert "K752" in run.out
    found = json.loads((home / "out.json").read_text())
    assert [d["code"] for d in found["diagnostics"]] == ["K752"]
    assert (found["changes"], found["against"]) == (None, None)
    (ran,) = json.loads((home / "out.sarif").read_text())["runs"]
    assert not ran["invocations"][0]["executionSuccessful"]
    assert "<error message=" in (home / "out.junit").read_text()
    assert kpi(home, "breaking", "--against", "mian", "--approve", "x", "--who", "a", "--why", "b").code == 2


def test_what_cannot_be_compared_ends_in_2(home: Path) -> None:
    run = kpi(home, "diff", "mian")
    assert (run.code, run.out) == (2, "")
    assert "K752" in run.err
    assert "there is `main`" in run.err
    assert "git branch --all" in run.err
    assert kpi(home, "diff", "main", "--as-of", "soon").code == 2
    (home / "kpis.kpi").write_text(SPECS.replace("ad_spend / leads", "ad_spend / laeds"))
    run = kpi(home, "diff", "main")
    assert run.code == 2
    assert "error[K764 not-compared]" in run.err
    assert "removed" not in run.out


def test_colours_only_where_they_are_wanted(home: Path) -> None:
    (home / "kpis.kpi").write_text(LOOSE)
    assert "\x1b[1;31m" in kpi(home, "diff", "main", "--color").out
    for environment in ({"NO_COLOR": "1"}, {}):
        assert "\x1b" not in kpi(home, "diff", "main", **environment).out


# -- breaking ----------------------------------------------------------------------------------------


def test_breaking_ends_in_1_until_it_is_approved(home: Path) -> None:
    assert kpi(home, "breaking", "--against", "main").code == 0
    (home / "kpis.kpi").write_text(LOOSE)
    run = kpi(home, "breaking", "--against", "main")
    assert run.code == 1
    assert "error[K763 goalposts-moved]" in run.out
    assert "  target      at most 30 EUR per lead" in run.out
    found = json.loads(kpi(home, "breaking", "--against", "main", "--format", "json").out)
    schema = schema_of(home, "breaking")
    assert list(problems(found, schema, schema, "$")) == []
    name = found["changes"][0]["fingerprint"]
    wrong = kpi(
        home, "breaking", "--against", "main", "--approve", "0" * 12, "--who", "Ada", "--why", "agreed"
    )
    assert (wrong.code, (home / "approvals.toml").exists()) == (2, False)
    assert kpi(home, "breaking", "--against", "main", "--approve", name).code == 2
    over = ("--until", "2020-12-31", "--who", "Ada", "--why", "agreed")
    refused = kpi(home, "breaking", "--against", "main", "--approve", name, *over)
    assert (refused.code, (home / "approvals.toml").exists()) == (2, False)
    assert "2020-12-31 is over as of" in refused.err
    until = ("--until", "2026-12-31")
    done = kpi(
        home, "breaking", "--against", "main", "--approve", name, "--who", "Ada", "--why", "agreed", *until
    )
    assert (done.code, done.err) == (0, "1 approval written to approvals.toml\n")
    assert kpi(home, "breaking", "--against", "main").code == 0
    verbose = kpi(home, "breaking", "--against", "main", "--verbose").out
    assert "approved by Ada, until 2026-12-31: agreed" in verbose
    late = kpi(home, "breaking", "--against", "main", "--as-of", "2027-01-01")
    assert late.code == 1
    assert "K756" in late.out


def test_levels_and_wrong_approvals(home: Path) -> None:
    (home / "kpis.kpi").write_text(LOOSE)
    assert kpi(home, "breaking", "--against", "main", "--level", "value").code == 0
    (home / "approvals.toml").write_text("[[approval]]\n")
    run = kpi(home, "breaking", "--against", "main", "--level", "value")
    assert run.code == 2
    assert "K755" in run.out
    (home / "approvals.toml").write_bytes(b"# \xe9\n")
    asked = ("--approve", "0" * 12, "--who", "Ada", "--why", "agreed")
    run = kpi(home, "breaking", "--against", "main", *asked)
    assert (run.code, "K711" in run.err) == (2, True)
    assert (home / "approvals.toml").read_bytes() == b"# \xe9\n"


def test_what_others_did_since_is_no_change_of_ours(home: Path) -> None:
    git(home, "checkout", "-q", "-b", "mine")
    git(home, "checkout", "-q", "main")
    commit(home, {"kpis.kpi": SPECS + "\nkpi more\n  formula ad_spend\n"})
    git(home, "checkout", "-q", "mine")
    assert kpi(home, "breaking", "--against", "main").code == 0


# -- history, and git's own diff ---------------------------------------------------------------------


def test_history(home: Path) -> None:
    commit(home, {"kpis.kpi": LOOSE}, "Relax | it", day="2026-03-01", author="Grace Hopper")
    run = kpi(home, "history", "cost_per_lead")
    assert (run.code, run.err) == (0, "")
    assert "2026-03-01  Grace Hopper  " in run.out
    assert "2026-01-01  Ada Lovelace  " in run.out
    found = json.loads(kpi(home, "history", "cost_per_lead", "--format", "json").out)
    schema = schema_of(home, "history")
    assert list(problems(found, schema, schema, "$")) == []
    assert (
        "| 2026-03-01 | Grace Hopper |" in kpi(home, "history", "cost_per_lead", "--format", "markdown").out
    )
    wrong = kpi(home, "history", "cost_per_laed")
    assert wrong.code == 2
    assert "cost_per_lead" in wrong.err


def test_git_shows_what_is_meant_with_the_text_conversion(home: Path) -> None:
    page = (ROOT / "docs" / "review.md").read_text("utf-8")
    block = page.partition("```ini\n")[2].partition("```")[0]
    driver = block.replace("kpi fmt", f"PYTHONPATH={ROOT} {sys.executable} -m kpidsl fmt")
    (home / ".git" / "driver").write_text(driver)
    git(home, "config", "include.path", "driver")
    spaced = "the other.kpi"
    commit(home, {".gitattributes": "*.kpi diff=kpi\n", spaced: "kpi other\n  formula     1\n"})
    untidy = SPECS.replace("  formula     ", "  formula  ")
    assert untidy != SPECS
    (home / "kpis.kpi").write_text(untidy)
    assert git(home, "diff", "--", "kpis.kpi") == ""
    (home / "kpis.kpi").write_text(untidy.replace("25 EUR", "30 EUR"))
    lines = git(home, "diff", "--", "kpis.kpi").splitlines()
    assert [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        "-  target      at most 25 EUR per lead",
        "+  target      at most 30 EUR per lead",
    ]
    [hunk] = [line for line in lines if line.startswith("@@")]
    assert hunk.endswith(" @@ measure leads = count(crm)")  # what is above the three lines of context
    (home / spaced).write_text("kpi other\n  formula   1\n")
    assert git(home, "diff", "--", spaced) == ""


def test_percentages_differ_by_points(tmp_path: Path) -> None:
    text = 'source ads\n  from "ads.csv"\n  time day\n  column spend EUR\n\nkpi x\n  formula {}\n  unit %\n'
    (tmp_path / "ads.csv").write_text("day,spend\n2026-01-05,1\n2026-01-06,3\n2026-01-07,5\n2026-01-08,7\n")
    for name, least in (("old", 2), ("new", 4)):
        (tmp_path / f"{name}.kpi").write_text(text.format(f"share(ads where spend > {least})"))
    run = kpi(tmp_path, "diff", "old.kpi", "new.kpi", "--data", "--as-of", "2026-02-01")
    assert (run.code, run.err) == (0, "")
    row = next(line for line in run.out.splitlines() if "points" in line)
    assert row.split()[-5:] == ["x", "75%", "50%", "-25", "points"]

"""Configs that extend others, patterns of paths, and the lines that a change touches."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from kpidsl import plumbing, review
from kpidsl.config import Config, load, without_passwords
from kpidsl.diagnostics import Diagnostic, Report
from kpidsl.patterns import matches
from kpidsl.render.cells import Screen
from kpidsl.render.diagnostics import render


def read(folder: Path) -> tuple[Config, list[Diagnostic]]:
    report = Report()
    return load([str(folder)], report), report.items


def lay(folder: Path, **files: str) -> Path:
    """Files by name, `__` for the slash; the last one's folder."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return path.parent


# -- extend -----------------------------------------------------------------------------------------


def test_what_a_config_does_not_say_the_extended_one_says(tmp_path: Path) -> None:
    shop = lay(
        tmp_path,
        common='as_of = 2026-01-01\nfail_on = ["grey"]\n[limits]\nthreads = 2\nspill = "scratch"\n'
        '[connections.a]\nurl = "duckdb:///a"\n[connections.b]\nurl = "duckdb:///b"\n',
        shop__kpi='extend = "../common.toml"\nfail_on = ["missed"]\n[limits]\nthreads = 8\n'
        '[connections.b]\nurl = "duckdb:///own"\n',
    )
    config, problems = read(shop)
    assert problems == []
    assert (config.root, config.file) == (shop, shop / "kpi.toml")
    assert [Path(name).name for name in config.extends] == ["common.toml"]
    assert (config.as_of, config.fail_on) == (date(2026, 1, 1), ("missed",))
    assert (config.limits.threads, config.limits.spill) == (8, tmp_path / "scratch")
    assert {name: c.template for name, c in config.connections.items()} == {
        "a": "duckdb:///a",
        "b": "duckdb:///own",
    }


def test_a_chain_of_configs(tmp_path: Path) -> None:
    shop = lay(
        tmp_path,
        all="as_of = 2026-01-01\nexclude = ['a']\n[project]\nname = 'all'\n",
        team="extend = 'all.toml'\nexclude = ['b']\n",
        shop__kpi="extend = '../team.toml'\n",
    )
    config, problems = read(shop)
    assert (problems, config.exclude, config.name) == ([], ("b",), "all")
    assert config.as_of == date(2026, 1, 1)


def test_a_table_of_a_pyproject_can_be_extended_and_extend(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.kpidsl]\nextend = 'sub/pyproject.toml'\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pyproject.toml").write_text("[tool.kpidsl.project]\nname = 'sub'\n")
    config, problems = read(tmp_path)
    assert (problems, config.name, config.root) == ([], "sub", tmp_path)


def test_without_extend_nothing_is_merged(tmp_path: Path) -> None:
    shop = lay(tmp_path, kpi="[project]\nname = 'outer'\n", shop__kpi="as_of = 2026-01-01\n")
    assert read(shop)[0].name is None


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        ({"kpi": "extend = 'comon.toml'\n", "common": ""}, "K707", "`comon.toml` does not exist"),
        ({"kpi": "extend = 'kpi.toml'\n"}, "K707", "this file itself"),
        ({"kpi": "extend = 'a.toml'\n", "a": "extend = 'kpi.toml'\n"}, "K707", "in turn"),
        (
            {"kpi": "extend = 'pyproject.toml'\n", "pyproject": "[project]\n"},
            "K707",
            "no table [tool.kpidsl]",
        ),
        ({"kpi": "extend = 3\n"}, "K703", "not the path of a TOML file"),
        ({"kpi": "extend = 'notes.txt'\n"}, "K703", "not the path of a TOML file"),
        ({"kpi": "extend = 'a.toml'\n", "a": "x ==\n"}, "K701", "not a TOML document"),
        ({"kpi": "extend = 'a.toml'\n", "a": "as_off = 1\n"}, "K702", "unknown key `as_off`"),
        ({"kpi": "extend = 'a.toml'\n", "a": "[limits]\nthreads = 'x'\n"}, "K703", "`limits.threads`"),
        ({"kpi": "[limits]\nextend = 'a.toml'\n"}, "K702", "unknown key `limits.extend`"),
        ({"kpi": "[limits]\nexclude = ['a']\n"}, "K702", "unknown key `limits.exclude`"),
        ({"kpi": "exclude = 'a'\n"}, "K703", "`exclude` is a text"),
        ({"kpi": "exclude = ['/']\n"}, "K703", "`exclude` is a list"),
    ],
)
def test_what_does_not_fit_is_told_once_where_it_stands(
    tmp_path: Path, files: dict[str, str], code: str, said: str
) -> None:
    lay(tmp_path, **files)
    _, problems = read(tmp_path)
    assert [problem.code for problem in problems] == [code]
    assert said in problems[0].message
    span = problems[0].span
    assert span is not None
    wrong = "a.toml" if "a" in files else "kpi.toml"
    assert Path(span.source.name).name == wrong
    assert span.line == (2 if "[limits]" in files.get("a", files["kpi"]) else 1)


def test_a_similar_name_is_told(tmp_path: Path) -> None:
    lay(tmp_path, kpi="extend = 'comon.toml'\n", common="")
    assert read(tmp_path)[1][0].help == "a file with a similar name: `common.toml`"


@pytest.mark.parametrize("text", ["token = 'hunter2'\n", "token = 'hunter2\n", "[limits]\nhunter2 = 1 = 2\n"])
def test_no_line_of_a_file_outside_the_repository_is_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    lay(tmp_path, secrets=text, repository__kpi="extend = '../secrets.toml'\n")
    _, problems = read(tmp_path / "repository")
    assert problems
    assert "hunter2" not in "".join(render([problem], Screen()) for problem in problems)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:${P}@db/x", "postgresql://me:${P}@db/x"),
        ("postgresql://me:abc${P}def@db/x", "postgresql://me:***@db/x"),
        ("postgresql://me:a@b@db/x", "postgresql://me:***@db/x"),
        ("postgresql://db/x?password=abc&sslmode=require", "postgresql://db/x?password=***&sslmode=require"),
        ("postgresql://db/x?password=${P}", "postgresql://db/x?password=${P}"),
        ("duckdb:///a.duckdb", "duckdb:///a.duckdb"),
    ],
)
def test_urls_are_shown_without_passwords(url: str, shown: str) -> None:
    assert without_passwords(url) == shown


# -- patterns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("vendor", ["vendor/a.kpi", "x/vendor/y/a.kpi"], ["vendors/a.kpi", "a.kpi"]),
        ("vendor/", ["vendor/a.kpi", "x/vendor/a.kpi"], ["vendors/a.kpi"]),
        ("/vendor", ["vendor/a.kpi"], ["x/vendor/a.kpi"]),
        ("a/b", ["a/b/c.kpi", "a/b"], ["x/a/b/c.kpi"]),
        ("*.gen.kpi", ["a.gen.kpi", "x/b.gen.kpi"], ["a.kpi", "gen.kpi"]),
        ("drafts/*.kpi", ["drafts/a.kpi"], ["drafts/x/a.kpi", "x/drafts/a.kpi"]),
        ("drafts/**/*.kpi", ["drafts/a.kpi", "drafts/x/y/a.kpi"], ["drafts.kpi"]),
        ("**/tmp", ["tmp/a.kpi", "x/y/tmp/a.kpi"], ["tmpx/a.kpi"]),
        ("q?.kpi", ["q1.kpi"], ["q12.kpi", "q/.kpi"]),
        ("a.kpi", ["a.kpi", "x/a.kpi"], ["axkpi", "a.kpi2"]),
        ("é[1]", ["é[1]/a.kpi"], ["é1/a.kpi"]),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, fits: list[str], fits_not: list[str]) -> None:
    assert [p for p in fits if not matches([pattern], tmp_path / p, tmp_path)] == []
    assert [p for p in fits_not if matches([pattern], tmp_path / p, tmp_path)] == []


# -- lines under review -----------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_lines_that_a_branch_changed(tmp_path: Path) -> None:
    spec = tmp_path / "été 1.kpi"
    lines = [f"line {n}" for n in range(1, 21)]
    spec.write_text("\n".join(lines) + "\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    git(tmp_path, "switch", "-q", "-c", "change")
    lines[4] = "++ b/other.kpi"  # looks like a header of a diff
    lines[9:10] = ["ten", "@@ -1 +1 @@"]
    spec.write_text("\n".join(lines) + "\n")
    git(tmp_path, "commit", "-q", "-a", "-m", "two")
    spec.write_text("\n".join([*lines, "not committed"]) + "\n")
    (tmp_path / "new.kpi").write_text("a\nb\n")
    git(tmp_path, "add", "--intent-to-add", "new.kpi")
    changed = review.changed(tmp_path, "main")
    assert changed is not None
    assert [n for n in range(1, 30) if changed("été 1.kpi", n)] == [5, 10, 11, 22]
    assert [n for n in range(1, 9) if changed("new.kpi", n)] == [1, 2]
    assert not changed("other.kpi", 1)


def test_where_nothing_is_under_review(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert review.changed(tmp_path, "nowhere") is None
    assert review.changed(tmp_path, "--output=x") is None
    assert review.changed(None, "main") is None
    assert not (tmp_path / "x").exists()
    assert review.base({}) is None
    assert review.base({"GITHUB_BASE_REF": "main"}) == "origin/main"
    assert review.base({"CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc"}) == "abc"
    assert plumbing.top(tmp_path / "a" / "b") == tmp_path

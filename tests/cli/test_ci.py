"""`kpi ci`, and findings in several formats at once, as services run them."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from kpidsl.render.findings import FORMATS
from tests.cli.test_commands import problems
from tests.project import SPECS, environment_of, kpi, write
from tests.testing.test_command import FAILS, PASSES

BROKEN = SPECS.replace("ad_spend / leads", "ad_spend + leads")
UNTIDY = SPECS.replace("  formula     leads\n", "  formula   leads\n")
ALONE = "not looked at, for there is no git repository with a commit here"
LOOSER = SPECS.replace("  target      at most 25 EUR", "  target      at most 26 EUR")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


# -- ci ---------------------------------------------------------------------------------------------


def test_nothing_to_object(folder: Path) -> None:
    run = kpi(folder, "ci")
    assert run.out == f"format: nothing found\nlint: nothing found\ntest: no tests\nbreaking: {ALONE}\n"
    assert (run.code, run.err) == (0, "")
    assert kpi(folder, "ci", "--quiet").out == ""


def test_every_check_is_told_and_the_worst_decides(tmp_path: Path) -> None:
    folder = write(tmp_path, BROKEN.replace("  formula     leads\n", "  formula   leads\n"))
    run = kpi(folder, "ci")
    assert run.code == 1
    assert "error[K730 not-formatted]: `kpis.kpi` is not in the one layout: this line is written" in run.out
    assert " --> kpis.kpi:30:1" in run.out
    assert run.out.index("K730") < run.out.index("format: 1 error") < run.out.index("K301")
    assert "\nlint: 1 error\n" in run.out
    assert kpi(folder, "ci", "--skip", "format").out.count("K730") == 0
    (folder / "more.kpi").write_bytes(b"\xff")
    assert kpi(folder, "ci").code == 2


def test_the_command_that_is_recommended_can_be_copied(folder: Path) -> None:
    (folder / "more of it.kpi").write_text("kpi   more\n  formula 1\n")
    assert "`kpi fmt 'more of it.kpi'` writes it" in kpi(folder, "ci").out


def test_what_fmt_would_change_is_found_and_nothing_else(folder: Path) -> None:
    for text in (UNTIDY, SPECS, SPECS.replace("\n", "\r\n"), "\ufeff" + SPECS, SPECS + "\n\n", SPECS[:-1]):
        (folder / "kpis.kpi").write_bytes(text.encode())
        expected = kpi(folder, "fmt", "--check").code
        for _ in ("cold", "warm"):
            assert kpi(folder, "ci", "--skip", "lint").code == expected, text[-40:]


def test_the_fix_of_the_layout_is_what_fmt_writes(tmp_path: Path) -> None:
    text = UNTIDY.replace("  unit        lead\n", "  unit   lead\n").replace(
        "  tolerance   5%", "  tolerance 5%"
    )
    folder = write(tmp_path, text)
    found = json.loads(kpi(folder, "ci", "--format", "json").out)
    (check,) = [check for check in found["checks"] if check["name"] == "format"]
    (edit,) = check["diagnostics"][0]["fix"]["edits"]
    lines = text.splitlines(keepends=True)
    assert edit["place"]["column"] == edit["place"]["end_column"] == 1
    lines[edit["place"]["line"] - 1 : edit["place"]["end_line"] - 1] = [edit["text"]]
    assert "".join(lines) == SPECS


def test_a_file_with_an_error_in_its_syntax_has_no_layout(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS.replace("  formula     leads\n", "  formula   leads +\n"))
    run = kpi(folder, "ci")
    assert run.code == 1
    assert "K730" not in run.out
    assert "format: nothing found" in run.out
    alone = kpi(folder, "ci", "--skip", "lint")
    assert alone.code == 2  # it was not looked at, and no lint says so
    assert "read: 1 error" in alone.out


def test_one_broken_kpi_among_a_hundred_is_one_finding(tmp_path: Path) -> None:
    kpis = [f"\nkpi k{n}\n  formula     {'leads + ' if n == 50 else ''}ad_spend\n" for n in range(100)]
    folder = write(tmp_path, SPECS + "".join(kpis))
    issues = json.loads(kpi(folder, "ci", "--format", "gitlab").out)
    assert [issue["check_name"] for issue in issues if issue["severity"] == "major"] == ["unit-mismatch"]


def test_every_check_cannot_be_skipped(folder: Path) -> None:
    run = kpi(folder, "ci", *(f"--skip={check}" for check in ("format", "lint", "test", "breaking")))
    assert run.code == 2
    assert "every check is skipped" in run.err


def test_tests_are_run(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS + PASSES)
    assert "test: 1 test: 1 passed\n" in kpi(folder, "ci", "--skip", "format").out
    (folder / "kpis.kpi").write_text(SPECS + PASSES + FAILS)
    run = kpi(folder, "ci", "--skip", "format", "--format", "junit")
    assert run.code == 1
    suite = next(suite for suite in ET.fromstring(run.out) if suite.get("name") == "test")
    assert [(case.get("name"), len(case)) for case in suite] == [("100 EUR for 5 leads", 0), ("too dear", 1)]
    assert kpi(folder, "ci", "--skip", "format", "--skip", "test").code == 0


def test_a_test_of_a_broken_kpi_adds_nothing_to_its_error(tmp_path: Path) -> None:
    folder = write(tmp_path, SPECS.replace("at most 25 EUR per lead", "at most 25 USD per lead") + PASSES)
    run = kpi(folder, "ci", "--skip", "format")
    assert run.code == 1
    assert "lint: 1 error" in run.out
    assert "test: 1 test: 1 not run" in run.out
    assert kpi(folder, "test").code == 2


def test_what_breaks_against_the_main_branch_is_found(folder: Path) -> None:
    git(folder, "init", "-q", "-b", "main")
    assert ALONE in kpi(folder, "ci").out
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    assert "breaking: nothing breaks against main (" in kpi(folder, "ci").out
    git(folder, "switch", "-q", "-c", "work")
    (folder / "kpis.kpi").write_text(LOOSER)
    run = kpi(folder, "ci")
    assert run.code == 1
    assert "error[K763 goalposts-moved]" in run.out
    assert run.out.endswith("breaking: 1 error\n")
    assert kpi(folder, "ci", "--skip", "breaking").code == 0
    assert kpi(folder, "ci", "--against", "HEAD").code == 1
    git(folder, "commit", "-q", "-a", "-m", "second")
    assert kpi(folder, "ci", "--against", "HEAD").code == 0
    assert kpi(folder, "ci", GITHUB_BASE_REF="main").code == 2  # origin/main is not there
    git(folder, "update-ref", "refs/remotes/origin/main", "main")
    assert kpi(folder, "ci", GITHUB_BASE_REF="main").code == 1


def test_what_cannot_be_compared_is_no_success(folder: Path) -> None:
    git(folder, "init", "-q", "-b", "trunk")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    run = kpi(folder, "ci")
    assert run.code == 2
    assert "K752" in run.out
    assert "--against REF" in run.out
    assert kpi(folder, "ci", "--against", "trunk").code == 0
    assert kpi(folder, "ci", "--against", "no-such").code == 2


def test_a_clone_of_depth_1_says_how_the_branch_is_fetched(folder: Path, tmp_path: Path) -> None:
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "switch", "-q", "-c", "work")
    (folder / "kpis.kpi").write_text(LOOSER)
    git(folder, "commit", "-q", "-a", "-m", "second")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "work", f"file://{folder}", str(clone))
    run = kpi(clone, "ci", GITHUB_BASE_REF="main")
    assert run.code == 2
    remedy = "git fetch --depth=1 origin main:refs/remotes/origin/main"
    assert f"`{remedy}` brings it" in run.out
    git(clone, *remedy.split()[1:])
    run = kpi(clone, "ci", GITHUB_BASE_REF="main")
    assert run.code == 1
    assert "K763" in run.out


def test_specs_are_read_once(folder: Path) -> None:
    code = (
        "import sys, kpidsl.cli\n"
        "from kpidsl.syntax import parse\n"
        "read, counts = parse._read, []\n"
        "parse._read = lambda *a: counts.append(a) or read(*a)\n"
        "try: kpidsl.cli.main(['ci', '--no-cache'])\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "print(len(counts), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True,
        env=environment_of({}),
    )  # fmt: skip
    definitions = (
        SPECS.count("\nkpi") + SPECS.count("\nmeasure") + SPECS.count("source ") + SPECS.count("\nobj")
    )
    assert int(done.stderr) == definitions


def test_ci_starts_as_quickly_as_lint(folder: Path) -> None:
    code = (
        "import sys, kpidsl.cli\n"
        "try: kpidsl.cli.main(['ci', '--format', 'text', '--format', 'sarif=a', '--format', 'junit=b'])\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "print(sorted(set(sys.modules) & {'duckdb', 'numpy', 'sqlglot', 'rich', 'polars'}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True,
        env=environment_of({}),
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("specs", [SPECS, BROKEN, UNTIDY])
def test_json_keeps_to_its_schema(tmp_path: Path, specs: str) -> None:
    folder = write(tmp_path, specs)
    schema = json.loads(kpi(folder, "schema", "ci").out)
    run = kpi(folder, "ci", "--format", "json")
    found = json.loads(run.out)
    assert list(problems(found, schema, schema, "$")) == []
    assert found["code"] == run.code
    assert [check["name"] for check in found["checks"]] == ["format", "lint", "test", "breaking"]


# -- several outputs --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["lint", "ci"])
def test_all_formats_at_once(tmp_path: Path, command: str) -> None:
    folder = write(tmp_path, BROKEN)
    wanted = [part for name in FORMATS for part in ("--format", f"{name}=out.{name}")]
    run = kpi(folder, command, *wanted)
    assert (run.code, run.out, run.err) == (1, "", "")
    for name in FORMATS:
        text = (folder / f"out.{name}").read_text(encoding="utf-8")
        assert "unit-mismatch" in text or "UnitMismatch" in text
        alone = kpi(folder, command, "--format", name)
        assert (alone.code, alone.out) == (1, text)
        assert "\x1b" not in kpi(folder, command, "--format", name, NO_COLOR="1", FORCE_COLOR="1").out
    assert {path.name for path in folder.iterdir() if path.name.startswith(("out", "."))} == {
        f"out.{name}" for name in FORMATS
    }


def test_a_text_and_commands_for_github_share_standard_output(tmp_path: Path) -> None:
    folder = write(tmp_path, BROKEN)
    run = kpi(folder, "lint", "--format", "github", "--format", "text", "--format", "json=found.json")
    lines = run.out.splitlines()
    word = lines[0].removeprefix("::stop-commands::")  # no line of the text is a command
    assert len(word) == 32
    assert lines[1].startswith("error[K301")
    assert lines[-3:-1] == ["1 error", f"::{word}::"]
    assert lines[-1].startswith("::error file=kpis.kpi,line=18,endLine=18,col=")
    assert json.loads((folder / "found.json").read_text())["diagnostics"]


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        (
            ("json", "github"),
            "only one format can go to standard output; the other needs a file: github=FILE",
        ),
        (("text", "github", "json"), "only one format"),
        (("json=a", "sarif=a"), "two formats would be written to `a`"),
        (("sarif=",), "names no file"),
        (
            ("xml",),
            "`xml` is not a format; formats: text, json, sarif, github, gitlab, junit, rdjson, markdown",
        ),
    ],
)
def test_formats_that_do_not_go_together(folder: Path, formats: tuple[str, ...], said: str) -> None:
    run = kpi(folder, "lint", *(part for name in formats for part in ("--format", name)))
    assert run.code == 2
    assert said in " ".join(run.err.split())


def test_an_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    run = kpi(write(tmp_path), "ci", "--format", "text", "--format", "sarif=no/such/folder.sarif")
    assert run.code == 2
    assert "K713" in run.err
    assert "lint: nothing found" in run.out


def test_the_summary_of_a_step_is_added_to(tmp_path: Path) -> None:
    folder, summary = write(tmp_path, BROKEN), tmp_path / "summary.md"
    summary.write_text("before\n")
    run = kpi(folder, "ci", "--format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert run.code == 1
    body = summary.read_text(encoding="utf-8")
    assert body.startswith("before\n<!-- kpidsl: ci -->\n### kpi ci: 1 error\n")
    assert kpi(folder, "ci", "--format", "text", GITHUB_STEP_SUMMARY=str(summary)).code == 1
    assert summary.read_text(encoding="utf-8") == body
    lost = kpi(write(tmp_path), "ci", "--format", "github", GITHUB_STEP_SUMMARY=str(tmp_path / "no" / "x"))
    assert lost.code == 0
    assert lost.err == "the summary of the step cannot be written: no such file or directory\n"


def test_files_are_named_from_the_top_in_a_folder_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    folder = write(tmp_path / "shop", BROKEN)
    git(tmp_path, "init", "-q")
    assert "file=shop/kpis.kpi," in kpi(folder, "lint", "--format", "github").out
    issues = json.loads(kpi(folder, "lint", "--format", "gitlab").out)
    assert {issue["location"]["path"] for issue in issues} == {"shop/kpis.kpi"}
    assert kpi(folder, "lint", "--format", "markdown").out.startswith("<!-- kpidsl: lint in shop -->\n")
    assert (
        json.loads(kpi(folder, "lint", "--format", "json").out)["diagnostics"][0]["place"]["file"]
        == "kpis.kpi"
    )


def many(*, wrong: int) -> str:
    return SPECS + "".join(f"\nkpi k{n}\n  formula     leads + ad_spend\n" for n in range(wrong))


def test_findings_on_changed_lines_are_annotated_first(tmp_path: Path) -> None:
    folder = write(tmp_path, many(wrong=15))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    (folder / "kpis.kpi").write_text(many(wrong=17))
    run = kpi(folder, "ci", "--skip", "format", "--format", "github", GITHUB_BASE_REF="main")
    lines = [int(line.split("line=")[1].split(",")[0]) for line in run.out.splitlines()[:10]]
    first = many(wrong=15).count("\n") + 3
    assert lines[:3] == [first, first + 3, SPECS.count("\n") + 3]
    assert "7 more errors" in run.out
    unknown = kpi(folder, "ci", "--skip", "format", "--format", "github", GITHUB_BASE_REF="nowhere")
    assert unknown.out.startswith(f"::error file=kpis.kpi,line={SPECS.count(chr(10)) + 3},")


def test_a_shallow_clone_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "origin").mkdir()
    origin = write(tmp_path / "origin", BROKEN)
    git(origin, "init", "-q", "-b", "main")
    for _ in range(2):
        git(origin, "add", ".")
        git(origin, "commit", "-q", "--allow-empty", "-m", "x")
    git(tmp_path, "clone", "-q", "--depth", "1", origin.as_uri(), "clone")
    run = kpi(tmp_path / "clone", "ci", "--format", "github", GITHUB_BASE_REF="main")
    assert (run.code, run.out.count("::error ")) == (1, 1)


def test_junit_of_a_clean_project_has_a_case_for_each_check(folder: Path) -> None:
    root = ET.fromstring(kpi(folder, "ci", "--format", "junit").out)
    assert [case.get("name") for case in root.iter("testcase")] == ["format", "lint", "test", "breaking"]
    assert root.get("tests") == "4"


def test_signs_of_names_in_annotations(tmp_path: Path) -> None:
    name = "d’affaires é, 100%: 🎯.kpi"
    (tmp_path / name).write_text("kpi x\n  formula y\n", encoding="utf-8")
    run = kpi(tmp_path, "lint", "--format", "github")
    assert run.out.startswith(
        "::error file=d’affaires é%2C 100%25%3A 🎯.kpi,line=2,endLine=2,col=11,endColumn=12,"
    )
    found = json.loads(kpi(tmp_path, "lint", "--format", "sarif").out)["runs"][0]["results"][0]
    uri = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "d%E2%80%99affaires%20%C3%A9%2C%20100%25%3A%20%F0%9F%8E%AF.kpi"


# -- which files ------------------------------------------------------------------------------------


def test_excluded_files_are_left_out_of_folders(folder: Path) -> None:
    (folder / "vendor").mkdir()
    (folder / "vendor" / "bad.kpi").write_text("kpi   x\n  formula y\n")
    assert kpi(folder, "lint").code == 1
    (folder / "kpi.toml").write_text('exclude = ["vendor"]\n')
    assert kpi(folder, "lint").code == 0
    assert kpi(folder, "ci").code == 0
    assert kpi(folder, "fmt", "--check").code == 0
    alone = kpi(folder, "lint", "vendor")
    assert alone.code == 2
    assert "the config excludes the one file under `vendor`" in alone.out
    assert kpi(folder, "lint", "vendor/bad.kpi").code == 1


@pytest.mark.parametrize("command", ["lint", "fmt"])
def test_an_excluded_file_that_a_tool_names_is_left_out_when_that_is_wished(
    folder: Path, command: str
) -> None:
    (folder / "vendor").mkdir()
    bad = folder / "vendor" / "bad.kpi"
    bad.write_text("kpi   x\n  formula y\n")
    (folder / "kpi.toml").write_text('exclude = ["vendor"]\n')
    run = kpi(folder, command, "--force-exclude", "kpis.kpi", "vendor/bad.kpi")
    assert run.code == 0
    assert "left out: vendor/bad.kpi, which the config excludes or git ignores\n" in run.err
    assert bad.read_text() == "kpi   x\n  formula y\n"
    alone = kpi(folder, command, "--force-exclude", "vendor/bad.kpi")
    assert alone.code == 0
    assert "left out" in alone.err
    assert "left out" not in kpi(folder, command, "--force-exclude", "--quiet", "vendor/bad.kpi").err


def test_ignored_files_that_are_named_are_left_out_when_that_is_wished(folder: Path) -> None:
    git(folder, "init", "-q")
    (folder / ".gitignore").write_text("out/\n")
    (folder / "out").mkdir()
    (folder / "out" / "bad.kpi").write_text("kpi x\n  formula y\n")
    assert kpi(folder, "lint", "out/bad.kpi").code == 1
    assert kpi(folder, "lint", "--force-exclude", "out/bad.kpi", "kpis.kpi").code == 0


def test_files_of_several_projects_are_formatted_each_by_its_own_config(tmp_path: Path) -> None:
    for name, config in (("a", ""), ("b", 'exclude = ["gen"]\n')):
        (tmp_path / name / "gen").mkdir(parents=True)
        (tmp_path / name / "kpi.toml").write_text(config)
        (tmp_path / name / "gen" / "x.kpi").write_text("kpi   x\n  formula 1\n")
    run = kpi(tmp_path, "fmt", "--check", "--force-exclude", "a/gen/x.kpi", "b/gen/x.kpi")
    assert (run.code, run.out) == (1, "would format a/gen/x.kpi\n")


def test_a_text_from_standard_input_belongs_where_its_name_says(folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "shop" / "kpi.toml").write_text("as_off = 1\n")
    run = kpi(folder, "lint", "-", "--stdin-filename", "shop/new.kpi", stdin="kpi x\n  formula     1\n")
    assert run.code == 2
    assert "unknown key `as_off`" in run.out


def test_a_text_from_standard_input_stands_for_its_file(folder: Path) -> None:
    assert kpi(folder, "lint", ".", "-", "--stdin-filename", "kpis.kpi", stdin=SPECS).code == 0
    run = kpi(folder, "lint", ".", "-", "--stdin-filename", "./kpis.kpi", stdin=BROKEN)
    assert run.code == 1
    assert "K301" in run.out
    assert "K201" not in run.out


def test_an_excluded_text_from_standard_input(folder: Path) -> None:
    (folder / "kpi.toml").write_text('exclude = ["vendor"]\n')
    named = ("-", "--stdin-filename", "vendor/x.kpi", "--force-exclude")
    bad = "kpi   x\n  formula y\n"
    assert kpi(folder, "lint", *named, stdin=bad).code == 0
    run = kpi(folder, "fmt", *named, stdin=bad)
    assert (run.code, run.out) == (0, bad)

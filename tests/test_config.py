"""kpi.toml: what it may say, and what is told of the rest."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kpidsl.config import Config, Limits, load
from kpidsl.diagnostics import Diagnostic, Report
from kpidsl.evaluate.connections import hidden
from kpidsl.render.cells import Screen
from kpidsl.render.diagnostics import render


def read(folder: Path, text: str, name: str = "kpi.toml") -> tuple[Config, list[Diagnostic]]:
    (folder / name).write_text(text)
    report = Report()
    return load([str(folder)], report), report.items


FULL = """\
as_of = "2026-10-15"
fail_on = ["missed", "grey"]

[project]
name = "Atelier Lumen"

[connections.shop]
url = "duckdb:///${FOLDER}/shop.duckdb"

[limits]
memory = "2GB"
threads = 4
spill = "scratch"
spill_size = "50 GB"
timeout = "1h 30m"
"""


def test_all_that_it_can_say(tmp_path: Path) -> None:
    config, problems = read(tmp_path, FULL)
    assert problems == []
    assert (config.root, config.name, config.as_of) == (tmp_path, "Atelier Lumen", date(2026, 10, 15))
    assert config.fail_on == ("missed", "grey")
    assert (config.limits.memory, config.limits.threads) == ("2GB", 4)
    assert config.limits.spill == tmp_path / "scratch"
    assert (config.limits.spill_size, config.limits.timeout) == ("50 GB", 5400)
    assert config.connections["shop"].url({"FOLDER": "data"}) == "duckdb:///data/shop.duckdb"


def test_a_secret_that_is_not_set_is_named_and_none_is_shown(tmp_path: Path) -> None:
    config, _ = read(tmp_path, '[connections.shop]\nurl = "postgresql://me:${PASSWORD}@db"\n')
    missing = config.connections["shop"].url({})
    assert isinstance(missing, Diagnostic)
    assert missing.code == "K704"
    assert "`PASSWORD`" in missing.message
    assert "postgresql" not in repr(config)


@pytest.mark.parametrize(
    ("text", "code", "line", "said"),
    [
        ("as_off = 2026-10-15\n", "K702", 1, "`as_of`"),
        ("[project]\nas_of = 2026-10-15\n", "K702", 2, "at the top"),
        ("[limits]\nmemroy = '2GB'\n", "K702", 2, "`memory`"),
        ("[incremental]\non = 'yes'\n", "K703", 2, "true or false"),
        ("[incremental]\nstore = 3\n", "K703", 2, "the path of a file"),
        ("[incremental]\noff = true\n", "K702", 2, "`on`"),
        ("[conections.shop]\nurl = 'x'\n", "K702", 1, "`connections`"),
        ("[connections.shop]\nuri = 'x'\n", "K702", 2, "`url`"),
        ("[connections.shop]\n", "K703", 1, None),
        ("as_of = '2026-10'\n", "K703", 1, "2026-10-15"),
        ("as_of = 2026-10-15T00:00:00\n", "K703", 1, "2026-10-15"),
        ("fail_on = ['red']\n", "K703", 1, "missed"),
        ("fail_on = 'missed'\n", "K703", 1, "a list"),
        ("exclude = ['vendor', '!vendor/a.kpi']\n", "K703", 1, "nothing is taken back"),
        ("as_of = 2026-10-15\nexclude = ['[ab].kpi']\n", "K703", 2, "`*`, `?` and `**`"),
        ('as_of = 2026-10-15\n[lint.paths."!a/*"]\nignore = ["style"]\n', "K703", 2, "nothing is taken back"),
        ("[project]\nname = 3\n", "K703", 2, "a text"),
        ("project = 3\n", "K703", 1, "[project]"),
        ("[limits]\ncopied_rows = '1e6'\n", "K703", 2, "5_000_000"),
        ("[limits]\nthreads = true\n", "K703", 2, "1 to 1024"),
        ("[limits]\nmemory = 'much'\n", "K703", 2, "2GB"),
        ("[limits]\nmemory = '101%'\n", "K703", 2, "60%"),
        ("[limits]\ntimeout = 30\n", "K703", 2, "with its unit"),
        ("[limits]\ntimeout = '30'\n", "K703", 2, "with its unit"),
        ("[limits]\ntimeout = '0s'\n", "K703", 2, "with its unit"),
        ("[limits]\ntimeout = '200h'\n", "K703", 2, "up to 7 days"),
        ("[limits]\ntimeuot = '30s'\n", "K702", 2, "`timeout`"),
        ("[limits]\nspill = 3\n", "K703", 2, "a folder"),
        ("[limits]\nspill_size = '50%'\n", "K703", 2, "50GB"),
        ("[limits]\nspil_size = '5GB'\n", "K702", 2, "`spill_size`"),
        ("[project\n", "K701", 1, None),
        ("a = \n", "K701", 1, None),
        ("a = 1\na = 2\n", "K701", 2, None),
    ],
)
def test_what_does_not_fit_is_told_where_it_stands(
    tmp_path: Path, text: str, code: str, line: int, said: str | None
) -> None:
    _, problems = read(tmp_path, text)
    assert problems[0].code == code
    assert problems[0].span is not None
    assert problems[0].span.line == line
    assert said is None or said in (problems[0].help or "")


def test_a_wrong_url_is_not_repeated(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "[connections.shop]\nurl = ['secret']\n")
    assert "secret" not in problems[0].message


def test_the_nearest_one_holds_and_nothing_is_merged(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "kpi.toml").write_text(FULL)
    (tmp_path / "a" / "kpi.toml").write_text("")
    report = Report()
    config = load([str(inner)], report)
    assert (config.root, config.name) == (tmp_path / "a", None)


def test_pyproject_counts_only_with_a_table(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    (tmp_path / "kpi.toml").write_text('[project]\nname = "outer"\n')
    config, _ = read(inner, "[project]\nname = 'x'\n", "pyproject.toml")
    assert config.name == "outer"
    config, problems = read(inner, "[tool.kpidsl]\nas_of = 2026-01-01\nas_on = 1\n", "pyproject.toml")
    assert config.as_of == date(2026, 1, 1)
    assert problems[0].span is not None
    assert problems[0].span.line == 3


def test_without_one_the_root_is_the_repository_or_what_holds_all_paths(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    paths = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert load(paths, Report()).root == tmp_path
    (tmp_path / ".git").mkdir()
    assert load(paths[:1], Report()).root == tmp_path


def test_secrets_of_the_environment_need_no_escaping(tmp_path: Path) -> None:
    config, problems = read(
        tmp_path, '[connections.shop]\nurl = "postgresql://${U}:${P}@${HOST}/db?sslrootcert=${FILE}"\n'
    )
    assert problems == []
    environment = {"U": "me@home", "P": "a/b:c", "HOST": "db:5432", "FILE": "/etc/root.pem"}
    shop = config.connections["shop"]
    assert shop.url(environment) == "postgresql://me%40home:a%2Fb%3Ac@db:5432/db?sslrootcert=/etc/root.pem"
    assert shop.secrets(environment) >= {"me@home", "a/b:c", "a%2Fb%3Ac", "db:5432", "/etc/root.pem"}
    whole, _ = read(tmp_path, '[connections.shop]\nurl = "${URL}"\n')
    url = {"URL": "postgresql://me:p%40ss@db/shop"}
    assert whole.connections["shop"].url(url) == url["URL"]
    assert whole.connections["shop"].secrets(url) >= {url["URL"], "p%40ss", "p@ss"}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://me:hunter2@db/shop", True),
        ("postgresql://me:hun/ter2@db/shop", True),
        ("postgresql://db/shop?user=me&password=hunter2", True),
        ("postgresql://me:${P}@db/shop", False),
        ("postgresql://me@db/shop?password=${P}", False),
        ("duckdb:///shop.duckdb", False),
    ],
)
def test_a_password_that_is_written_out(tmp_path: Path, url: str, told: bool) -> None:
    config, problems = read(tmp_path, f'[connections.shop]\nurl = "{url}"\n')
    assert config.connections["shop"].template == url  # it is used all the same
    assert [(p.code, p.severity.word) for p in problems] == [("K706", "warning")] * told
    assert not any("hun" in shown(problem) for problem in problems)


@pytest.mark.parametrize(
    "text",
    [
        '[connections.shop]\nuri = "postgresql://me:hunter2@db"\n',
        '[connections.shop]\nurl = ["postgresql://me:hunter2@db"]\n',
        '[connections.shop]\nurl = ["hunter2"]\n',
        'connections = "postgresql://me:hunter2@db"\n',
        '[connections.shop]\nurl = "postgresql://me:hunter2@db\n',
        "[connections.shop]\nurl = postgresql://me:hunter2@db\n",
        '[connections]\nshop = "postgresql://me:hunter2@db"\n',
    ],
)
def test_no_line_is_shown_that_holds_a_password(tmp_path: Path, text: str) -> None:
    _, problems = read(tmp_path, text)
    assert problems
    assert not any("hunter2" in shown(problem) for problem in problems)


def shown(problem: Diagnostic) -> str:
    return render((problem,), Screen())


@pytest.mark.parametrize(
    ("words", "secrets", "left"),
    [
        ("no role hunter2 at db", ["hunter2"], "no role *** at db"),
        ("a banana", ["a"], "*** banana"),
        ("x%40y and x@y", ["x@y", "x%40y"], "*** and ***"),
        ("abcd and abcdef", ["abcd", "abcdef"], "*** and ***"),
        ("nothing", [""], "nothing"),
    ],
)
def test_secrets_are_hidden(words: str, secrets: list[str], left: str) -> None:
    assert hidden(words, secrets) == left


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1.5 s", 1.5), ("5m", 300), ("5 min", 300), ("2 hours", 7200), ("1h30m5s", 5405)],
)
def test_a_time_is_written_with_its_unit(tmp_path: Path, text: str, seconds: float) -> None:
    config, problems = read(tmp_path, f"[limits]\ntimeout = '{text}'\n")
    assert problems == []
    assert config.limits.timeout == seconds


def test_what_is_said_when_the_command_is_run_goes_before_the_config() -> None:
    assert Limits(timeout=3).over(Limits(timeout=5, threads=2)) == Limits(timeout=3, threads=2)

"""`kpi eval` as a process: what it says where, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ADS, ROOT, SPECS, kpi, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


def test_verdicts_go_to_standard_output_and_missing_a_target_is_no_failure(folder: Path) -> None:
    run = kpi(folder, "eval")
    assert (run.code, run.err) == (0, "")
    assert run.out == (ROOT / "tests" / "render" / "tiny.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 0),
        (("missed",), 1),
        (("off-track",), 1),
        (("never",), 0),
        (("grey",), 0),
        (("at-risk",), 1),
        (("nearly-met", "grey"), 1),
    ],
)
def test_fail_on(folder: Path, words: tuple[str, ...], code: int) -> None:
    options = [part for word in words for part in ("--fail-on", word)]
    assert kpi(folder, "eval", *options).code == code


def test_fail_on_from_the_config_and_over_it(folder: Path) -> None:
    (folder / "kpi.toml").write_text('as_of = "2026-03-10"\nfail_on = ["missed"]\n')
    assert kpi(folder, "eval").code == 1
    assert kpi(folder, "eval", "--fail-on", "never").code == 0
    assert kpi(folder, "eval", "--kpi", "lead_count").code == 0


def test_grey_fails_only_when_asked(folder: Path) -> None:
    (folder / "ads.csv").write_text("day,platform,spend\n")
    assert kpi(folder, "eval").code == 0
    assert kpi(folder, "eval", "--fail-on", "grey").code == 1


def test_one_broken_kpi_spoils_only_itself_and_the_exit_code(tmp_path: Path) -> None:
    run = kpi(write(tmp_path, SPECS.replace("ad_spend / leads", "ad_spend / leeds")), "eval")
    assert run.code == 2
    assert "error[K202 unknown-name]" in run.err
    assert "○ failed" in run.out
    assert "● on track" in run.out


def test_a_kpi_that_cannot_be_read_is_shown_failed(tmp_path: Path) -> None:
    run = kpi(
        write(tmp_path, SPECS.replace("formula     ad_spend / leads", "formula     ad_spend / / leads")),
        "eval",
    )
    assert run.code == 2
    assert "○ failed" in run.out
    assert "cost_per_lead" in run.out
    assert "● on track" in run.out


def test_an_objective_that_cannot_be_read_is_shown_failed(tmp_path: Path) -> None:
    specs = SPECS.replace("kpi         lead_count\n", "kpi         lead_count weight two\n")
    run = kpi(write(tmp_path, specs), "eval", "--format", "json")
    assert run.code == 2
    assert "error[K100 syntax]: `two` stands where a number is expected" in run.err
    found = json.loads(run.out)
    assert [one["word"] for one in found["objectives"]] == ["failed"]
    assert {one["name"] for one in found["kpis"]} == {"cost_per_lead", "lead_count"}


def test_data_that_is_not_there_fails_what_needs_it(folder: Path) -> None:
    (folder / "ads.csv").unlink()
    run = kpi(folder, "eval")
    assert run.code == 2
    assert "error[K501 no-data-file]" in run.err
    assert "● on track" in run.out


def test_stale_sources_are_said_before_the_verdicts(folder: Path) -> None:
    run = kpi(folder, "eval", "--as-of", "2026-03-20")
    assert run.out.index("fresh within 3 days") < run.out.index("Cost per lead")
    assert "○ stale" in run.out


def test_as_of_for_by_kpi_and_data(folder: Path) -> None:
    (folder / "other.csv").write_text(ADS.replace("90", "900"))
    arguments = ["--kpi", "cost_per_lead", "--format", "json"]
    other = json.loads(kpi(folder, "eval", *arguments, "--data", "ads=other.csv").out)
    assert other["kpis"][0]["headline"]["value"] == 192
    january = json.loads(kpi(folder, "eval", *arguments, "--for", "2026-01").out)
    assert january["kpis"][0]["headline"]["value"] == 20
    assert january["for"]["label"] == "2026-01"
    earlier = json.loads(kpi(folder, "eval", *arguments, "--as-of", "2026-02-10").out)
    assert earlier["kpis"][0]["headline"]["window"]["label"] == "2026-01"
    split = json.loads(kpi(folder, "eval", "--kpi", "lead_count", "--by", "channel", "--format", "json").out)
    assert [s["slice"] for s in split["kpis"][0]["slices"]] == [{"channel": "google"}, {"channel": "meta"}]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kpi", "cost_per_led"], "a KPI with a similar name: `cost_per_lead`"),
        (["--as-of", "2026-02-30"], "2026-02 has the days 01 to 28"),
        (["--as-of", "yesterday"], "`yesterday` is not a day such as 2026-03-31"),
        (["--as-of", "23/04/2012"], "`23/04/2012` is not a day such as 2026-03-31"),
        (["--for", "2026-Q5"], "quarters Q1 to Q4"),
        (["--by", "chanel"], "a dimension with a similar name: `channel`"),
        (["--by", "country", "--kpi", "lead_count"], "`crm` has no such column"),
        (["--data", "adds=ads.csv"], "a source with a similar name: `ads`"),
        (["--data", "ads"], "NAME=FILE"),
        (["--data", "ads=nothing.csv"], "nothing.csv"),
        (["--format", "jsn"], "formats: text, json"),
        (["--format", "json", "--format", "csv"], "csv=FILE"),
        (["--format", "json="], "no file"),
        (["--fail-on", "red"], "'missed'"),
        (["nothing.kpi"], "does not exist"),
        (["kpis.kip"], "a path with a similar name: `kpis.kpi`"),
        (["--nothing"], "--nothing"),
    ],
)
def test_wrong_input_is_told_and_ends_in_2(folder: Path, arguments: list[str], said: str) -> None:
    run = kpi(folder, "eval", *arguments)
    assert run.code == 2
    assert said in run.err
    assert "Traceback" not in run.err


def test_a_folder_without_specs(tmp_path: Path) -> None:
    run = kpi(tmp_path, "eval")
    assert run.code == 2
    assert "no .kpi file" in run.err


def test_several_formats_at_once_and_the_same_bytes_twice(folder: Path) -> None:
    arguments = ["eval", "--format", "text", "--format", "json=out.json", "--format", "csv=out.csv"]
    first = kpi(folder, *arguments)
    written = (folder / "out.json").read_bytes(), (folder / "out.csv").read_bytes()
    second = kpi(folder, *arguments)
    assert (first.code, first.out) == (0, second.out)
    assert written == ((folder / "out.json").read_bytes(), (folder / "out.csv").read_bytes())
    assert json.loads(written[0])["schema_version"] == 1
    assert not [p.name for p in folder.iterdir() if p.name.startswith(".out")]


def test_an_output_that_cannot_be_written(folder: Path) -> None:
    run = kpi(folder, "eval", "--format", "json=no/such/folder.json")
    assert run.code == 2
    assert "error[K713 file-unwritable]" in run.err
    assert "Traceback" not in run.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk(folder: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kpidsl", "eval"],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == 2
    assert b"no space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_that_leaves_gets_no_traceback(folder: Path) -> None:
    command = f"{sys.executable} -m kpidsl eval --format json | head -c 1"
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stderr == b""


@pytest.mark.parametrize("command", ["--help", "rule", "schema eval", "lint --format json"])
def test_that_the_reader_left_is_no_finding(folder: Path, command: str) -> None:
    out, into = os.pipe()
    os.close(out)
    done = subprocess.run(
        [sys.executable, "-m", "kpidsl", *command.split()],
        cwd=folder,
        stdout=into,
        stderr=subprocess.PIPE,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(into)
    assert (done.returncode, done.stderr) == (141, b"")


def test_colour_only_where_it_is_wanted(folder: Path) -> None:
    assert "\x1b" not in kpi(folder, "eval").out
    assert "\x1b[31m" in kpi(folder, "eval", "--color").out
    assert "\x1b[31m" in kpi(folder, "eval", FORCE_COLOR="1").out
    assert "\x1b" not in kpi(folder, "eval", NO_COLOR="1", FORCE_COLOR="1").out
    assert "\x1b" not in kpi(folder, "eval", "--no-color", FORCE_COLOR="1").out
    assert "\x1b[31m" in kpi(folder, "eval", "--color", NO_COLOR="1").out


def test_a_terminal_gets_colour_and_its_width(folder: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    reader, writer = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "kpidsl", "eval"],
        cwd=folder,
        stdout=writer,
        stderr=subprocess.PIPE,
        env={**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "50", "PYTHONIOENCODING": "utf-8"},
    ) as process:
        os.close(writer)
        text = b""
        while True:
            try:
                chunk = os.read(reader, 65536)
            except OSError:
                break
            if not chunk:
                break
            text += chunk
    os.close(reader)
    assert process.returncode == 0
    assert b"\x1b[31m" in text
    assert "■ missed" in text.decode()


def test_a_narrow_encoding_gets_plain_signs(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kpidsl", "eval"],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0
    assert b"x missed" in done.stdout


def test_an_internal_error_is_one_line(folder: Path) -> None:
    code = (
        "import kpidsl.project as p, kpidsl.cli as c\n"
        "def broken(*a, **k): raise RuntimeError('out of cheese')\n"
        "p.evaluate = broken\n"
        "import sys; c.main(sys.argv[1:])"
    )
    said = {}
    for flag in ("", "--verbose"):
        done = subprocess.run(
            [sys.executable, "-c", code, "eval", *([flag] if flag else [])],
            cwd=folder,
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        assert done.returncode == 2
        said[flag] = done.stderr
    assert said[""].count("\n") == 1
    assert "out of cheese" in said[""]
    assert "Traceback" in said["--verbose"]


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "RuntimeError('Query interrupted')"])
def test_interrupted(folder: Path, error: str) -> None:
    code = (
        "import kpidsl.project as p, kpidsl.cli as c\n"
        f"def broken(*a, **k): raise {error}\n"
        "p.evaluate = broken\n"
        "c.main(['eval'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 130
    assert b"Traceback" not in done.stderr


def test_a_cell_that_cannot_be_read_fails_only_the_kpis_that_read_its_column(folder: Path) -> None:
    (folder / "ads.csv").write_text(ADS.replace("60", "sixty"), "utf-8")
    (folder / "rows.kpi").write_text("kpi rows\n  formula count(ads)\n  target at least 1 row\n", "utf-8")
    run = kpi(folder, "eval", "--format", "json")
    words = {each["name"]: each["headline"]["word"] for each in json.loads(run.out)["kpis"]}
    assert run.code == 2
    assert words["cost_per_lead"] == "failed"
    assert words["rows"] not in ("failed", "no data")

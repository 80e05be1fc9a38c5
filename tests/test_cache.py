"""What is kept between runs: the same answers with and without it, and nothing from strangers."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given

from kpidsl import cache, compiled, graph
from kpidsl.diagnostics import Diagnostic, Label, Report, Source, Span
from kpidsl.packed import Codec, records
from kpidsl.specs import Specs, load
from kpidsl.syntax import known as known_module
from kpidsl.syntax import nodes
from kpidsl.syntax import parse as parser
from kpidsl.syntax.known import Known
from tests.programs import programs
from tests.project import ROOT, SPECS, kpi, write

FAULTY = SPECS + '\nkpi lost\n  formula ad_spend +\n\nkpi odd "Odd"\n  formula ad_spend + leads\n  unit EUR\n'
POSIX = pytest.mark.skipif(os.name == "nt", reason="owners and modes are of POSIX")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    home = tmp_path / "kept"
    monkeypatch.setenv("KPIDSL_CACHE", str(home))
    return home


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return write(folder)


def plain(value: Any) -> Any:
    """Everything that a record holds, places included, the text of a source but once."""
    if isinstance(value, Source):
        return value.name
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if attrs.has(type(value)):
        return [type(value).__name__, *(plain(getattr(value, at.name)) for at in attrs.fields(type(value)))]
    return value


def said(specs: Specs) -> list[Any]:
    """All that comes of specs."""
    texts = [(source.name, source.text) for source in specs.sources]
    return [texts, plain(specs.diagnostics), plain(specs.graph), plain(specs.entries), plain(specs.broken)]


def fresh(folder: Path) -> list[Any]:
    with cache.without():
        return said(load([str(folder)]))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The definitions that the parser has to read, by their text."""
    found: list[str] = []
    read = parser._read

    def counted(piece: Span, report: Report) -> nodes.Definition | None:
        found.append(piece.text)
        return read(piece, report)

    monkeypatch.setattr(parser, "_read", counted)
    return found


@pytest.fixture
def compiles(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An item for each time that a project is compiled."""
    found: list[int] = []
    compile_sources = compiled.compile_sources

    def counted(sources: Any, root: Path, *shelf: Any) -> compiled.Result:
        found.append(len(sources))
        return compile_sources(sources, root, *shelf)

    monkeypatch.setattr(compiled, "compile_sources", counted)
    return found


# -- the same answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "example", sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())
)
def test_an_example_is_the_same_from_the_cache(home: Path, example: str, compiles: list[int]) -> None:
    folder = ROOT / "examples" / example
    expected = fresh(folder)
    compiles.clear()
    assert said(load([str(folder)])) == expected
    assert len(compiles) == 1
    assert said(load([str(folder)])) == expected
    assert len(compiles) == 1


def test_errors_are_told_from_the_cache(home: Path, project: Path, compiles: list[int]) -> None:
    (project / "kpis.kpi").write_text(FAULTY)
    expected = fresh(project)
    first, second = load([str(project)]), load([str(project)])
    assert said(first) == said(second) == expected
    assert len(compiles) == 2  # without the cache, and once with it
    assert {d.code for d in second.errors}
    assert set(second.broken) == {"lost", "odd"}
    sources = {id(d.span.source) for d in second.diagnostics if d.span}
    assert sources == {id(second.sources[0])}


def test_equal_parts_stay_one_object(home: Path, project: Path) -> None:
    load([str(project)])
    found = load([str(project)]).graph
    formula = found.kpis["cost_per_lead"].formula
    assert isinstance(formula, graph.Combine)
    assert formula.args[1] is found.measures["leads"].node
    assert found.kpis["lead_count"].formula is found.measures["leads"].node


@given(programs())
def test_random_programs_are_the_same_when_known(text: str) -> None:
    source = Source("random.kpi", text)
    report, memory = Report(), Known("random.kpi")
    expected = parser.parse(source, report)
    parser.parse(source, Report(), memory)
    told = Report()
    assert plain(parser.parse(source, told, memory)) == plain(expected)
    assert plain(list(told)) == plain(list(report))
    moved = Source("random.kpi", "let first = 1\n\n" + text)
    assert plain(parser.parse(moved, Report(), memory)) == plain(parser.parse(moved, Report()))


# -- what has to be done again -----------------------------------------------------------------------


def test_a_changed_definition_is_the_only_one_that_is_read(
    home: Path, project: Path, reads: list[str]
) -> None:
    load([str(project)])
    assert len(reads) == 7
    reads.clear()
    text = SPECS.replace("at least 12 lead", "at least 13 lead")
    (project / "kpis.kpi").write_text("# one line further down\n" + text)
    found = said(load([str(project)]))
    assert [read.split()[1] for read in reads] == ["lead_count"]
    assert found == fresh(project)


def test_a_definition_with_a_fault_is_told_each_time(home: Path, project: Path, reads: list[str]) -> None:
    (project / "kpis.kpi").write_text(FAULTY)
    load([str(project)])
    reads.clear()
    (project / "kpis.kpi").write_text(FAULTY + "\nlet more = 1\n")
    assert "K" in load([str(project)]).errors[0].code
    assert [read.split()[1] for read in reads] == ["lost", "more"]


def test_formatting_reads_what_lint_has_read_not_again(home: Path, project: Path, reads: list[str]) -> None:
    from kpidsl.syntax.format import proved

    load([str(project)])
    reads.clear()
    name = load([str(project)]).sources[0].name
    assert proved(Source(name, SPECS)) is not None
    assert len(reads) <= 7  # only what the layout changed


def test_another_version_reads_everything_anew(
    home: Path, project: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load([str(project)])
    monkeypatch.setattr(cache, "code", lambda: "another version")
    reads.clear()
    load([str(project)])
    assert len(reads) == 7


def test_each_module_and_the_grammar_are_part_of_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(cache, "digest", lambda parts: "".join(seen.extend(parts) or ""))
    cache.code.__wrapped__()
    for name in ("syntax/machine.py", "compile/rows.py", "model/units.py", "grammar/kpi.lark"):
        assert any(part.startswith(f"{name} ") for part in seen), name
    assert any(part.endswith("packed.py") or "/packed.py " in part for part in seen)


def test_the_folder_where_a_command_runs_counts(
    home: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert load(["."]).sources[0].name == "kpis.kpi"
    monkeypatch.chdir(project.parent)
    assert load(["project"]).sources[0].name == "project/kpis.kpi"
    assert said(load(["project"])) == fresh(Path("project"))


# -- imports -----------------------------------------------------------------------------------------


@pytest.fixture
def importing(project: Path) -> Path:
    """A file that imports another, given alone."""
    (project / "one.kpi").write_text('import "more.kpi"\n\nlet a = b\n')
    (project / "kpis.kpi").unlink()
    return project


def test_an_imported_file_is_looked_at_again(home: Path, importing: Path, compiles: list[int]) -> None:
    more = importing / "more.kpi"
    more.write_text("let b = 1\n")
    given = importing / "one.kpi"
    assert not load([str(given)]).errors
    assert not load([str(given)]).errors
    assert len(compiles) == 1
    more.write_text("let c = 1\n")
    assert said(load([str(given)])) == fresh(given)
    assert load([str(given)]).errors
    more.unlink()
    assert [d.code for d in load([str(given)]).errors if d.code == "K209"]
    more.write_text("let b = 1\n")
    assert not load([str(given)]).errors


@POSIX
def test_an_import_that_leads_elsewhere_is_another(home: Path, importing: Path) -> None:
    inside, outside = importing / "other.kpi", importing.parent / "outside.kpi"
    inside.write_text("let b = 1\n")
    outside.write_text("let b = 1\n")
    (importing / "more.kpi").symlink_to(inside)
    given = importing / "one.kpi"
    assert not load([str(given)]).errors
    (importing / "more.kpi").unlink()
    (importing / "more.kpi").symlink_to(outside)
    assert "K208" in {d.code for d in load([str(given)]).errors}


# -- damage, strangers, limits -----------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["empty", "nonsense", "shorter", "a bit", "another kind"])
def test_damaged_entries_are_made_anew(home: Path, project: Path, damage: str, compiles: list[int]) -> None:
    expected = said(load([str(project)]))
    names = sorted(entry.name for entry in home.iterdir() if not entry.name.startswith("grammar"))
    assert [name.split("-")[0] for name in names] == ["graph", "parsed", "specs"]
    for name in names:
        good = (home / name).read_bytes()
        if damage == "another kind":
            cache.put(name, pickle.dumps((1, "text", None)))
        else:
            flipped = bytes([*good[:40], good[40] ^ 1, *good[41:]])
            bad = {"empty": b"", "nonsense": b"\x80" * 900, "shorter": good[:-1], "a bit": flipped}[damage]
            (home / name).write_bytes(bad)
    compiles.clear()
    assert said(load([str(project)])) == expected
    assert compiles
    compiles.clear()
    assert said(load([str(project)])) == expected
    assert not compiles


def test_a_damaged_graph_alone_is_compiled_again(home: Path, project: Path) -> None:
    expected = said(load([str(project)]))
    next(home.glob("graph-*")).write_bytes(b"nonsense")
    assert said(load([str(project)])) == expected


class Harm:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_no_entry_brings_code_along(tmp_path: Path) -> None:
    target = tmp_path / "made"
    data = pickle.dumps(Harm(target))
    assert known_module._CODEC.unpack(data) is None
    assert compiled._CODEC.unpack(data) is None
    assert not target.exists()
    pickle.loads(data)
    assert target.exists()  # so it would have done harm


@pytest.mark.parametrize(
    "names", [b"cos\nsystem\n.", b"ckpidsl.files\nsubprocess.run\n.", b"cbuiltins\neval\n."]
)
def test_only_records_can_be_named(names: bytes) -> None:
    assert pickle.loads(names) if b"kpidsl" not in names else True
    assert Codec(records(graph)).unpack(names) is None


def test_what_cannot_be_packed_is_not() -> None:
    deep: Any = ()
    for _ in range(5000):
        deep = (deep,)
    assert Codec().pack(deep) is None
    assert Codec().pack(Span(Source("a", ""), 0, 0)) is None
    assert Codec().pack(lambda: None) is None


def test_spans_are_counted_from_where_a_text_is_now() -> None:
    before, after = Source("a", "abc"), Source("b", "--abc")
    fault = Diagnostic("K101", "so", Span(before, 1, 2), labels=(Label(Span(before, 2, 3), "there"),))
    found = Codec().unpack(Codec().pack(fault, (before,)), (after,), 2)
    assert found.span == Span(after, 3, 4)
    assert found.span.source is after
    assert found.labels[0].span.text == "c"


@POSIX
def test_a_folder_that_others_can_write_to_is_not_used(
    home: Path, project: Path, compiles: list[int]
) -> None:
    load([str(project)])
    assert home.stat().st_mode & 0o777 == 0o700
    assert all(entry.stat().st_mode & 0o777 == 0o600 for entry in home.iterdir())
    home.chmod(0o770)
    compiles.clear()
    before = sorted(home.iterdir())
    (project / "kpis.kpi").write_text(SPECS + "\nlet more = 1\n")
    load([str(project)])
    load([str(project)])
    assert len(compiles) == 2
    assert sorted(home.iterdir()) == before


def test_a_cache_that_cannot_be_is_done_without(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environment = {"KPIDSL_CACHE": str(tmp_path / "file" / "cache")}
    for _ in range(2):
        found = kpi(project, "lint", **environment)
        assert (found.code, found.out, found.err) == (0, "1 file: nothing found\n", "")
    assert (tmp_path / "file").read_text() == ""


def test_no_cache_reads_nothing_and_keeps_nothing(home: Path, project: Path) -> None:
    assert kpi(project, "lint", KPIDSL_CACHE="off").code == 0
    assert not home.exists()
    assert kpi(project, "lint", "--no-cache").code == 0
    assert {entry.name.split("-")[0] for entry in home.iterdir()} == {"grammar"}
    assert not (project / "off").exists()
    assert kpi(project, "lint").code == 0
    assert {entry.name.split("-")[0] for entry in home.iterdir()} == {
        "grammar",
        "graph",
        "lint",
        "parsed",
        "specs",
    }
    assert not (project / ".kpidsl").exists()


def test_a_second_lint_waits_for_no_compiler(home: Path, project: Path) -> None:
    kpi(project, "lint")
    asks = "import sys; sys.argv = ['kpi', 'lint']; from kpidsl.cli import main\ntry: main()\n"
    asks += "finally: print([m for m in sys.modules if m.startswith(('kpidsl.compile', 'kpidsl.syntax'))])"
    done = subprocess.run(
        [sys.executable, "-c", asks],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "1 file: nothing found\n[]\n"


def test_two_processes_at_once(home: Path, project: Path) -> None:
    command = [sys.executable, "-m", "kpidsl", "lint", "--format", "json"]
    for turn in range(2):
        (project / "kpis.kpi").write_text(FAULTY + f"\nlet turn = {turn}\n")
        running = [
            subprocess.Popen(
                command,
                cwd=project,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for _ in range(3)
        ]
        said = [process.communicate(timeout=120) for process in running]
        assert len(set(said)) == 1
        assert said[0][1] == b""
    assert not list(home.glob("*.new"))


def test_what_is_kept_is_bounded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 10_000)
    now = time.time()
    for number in range(12):
        cache.put(f"entry-{number:02}", bytes(1000))
        os.utime(home / f"entry-{number:02}", (now + number - 100, now + number - 100))
    cache.put("last", b"")
    assert sorted(entry.name for entry in home.iterdir()) == [
        *(f"entry-{number:02}" for number in range(3, 12)),
        "last",
    ]
    os.utime(home / "entry-11", (now - 40 * 86_400,) * 2)
    os.utime(home / "entry-10", (now - 2 * 86_400,) * 2)
    assert cache.get("entry-10") == bytes(1000)
    assert (home / "entry-10").stat().st_mtime > now - 60  # it is in use
    cache.put("last", b"")
    assert cache.get("entry-11") is None
    assert cache.get("last") == b""


@pytest.mark.parametrize("parts", [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["\ud800"]])
def test_digests_tell_texts_apart(parts: list[str]) -> None:
    others = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["\ud800"]]
    assert [cache.digest(other) == cache.digest(parts) for other in others].count(True) == 1


@pytest.mark.parametrize("name", ["compile/units.py", "grammar/kpi.lark", "grammar/mistakes.toml"])
def test_what_reads_and_compiles_is_part_of_every_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kpidsl" / name
    file.parent.mkdir(parents=True)
    file.write_text("")
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "kpidsl" / "cache.py"))
    before = cache.code.__wrapped__()
    file.write_text("more")
    assert cache.code.__wrapped__() != before

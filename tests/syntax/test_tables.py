"""The tables: Lark's own parser says the same, nothing in the grammar is ambiguous, and the cache never matters."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lark
import pytest

from kpidsl.diagnostics import Source
from kpidsl.syntax import tables as module
from kpidsl.syntax.build import Builder
from kpidsl.syntax.machine import Token
from kpidsl.syntax.split import pieces

from .reading import TOUR, read

GRAMMAR = module.grammar_file("kpi.lark").read_text("utf-8")


def test_no_conflict(caplog: pytest.LogCaptureFixture) -> None:
    """Lark settles a conflict between shifting and reducing silently, but for its log."""
    log = lark.logger
    log.setLevel(logging.DEBUG)
    log.addHandler(caplog.handler)
    try:
        lark.Lark(GRAMMAR, parser="lalr", start=list(module.STARTS), debug=True)
        assert caplog.records == []
        lark.Lark("start: start start | A\nA: /a/", parser="lalr", debug=True)
        assert "Shift/Reduce" in caplog.text
    finally:
        log.removeHandler(caplog.handler)
        log.setLevel(logging.CRITICAL)


class Layout(lark.lark.PostLex):
    """Lines and blocks as a filter behind Lark's lexer, the way Lark's own Indenter has it."""

    always_accept = ("_NL",)

    def process(self, stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        depth, columns = 0, [0]
        token = None
        for token in stream:
            depth += (token.type in ("LEFT", "FUNCTION")) - (token.type == "RIGHT")
            if token.type != "_NL":
                yield token
            elif not depth:
                column = len(token) - token.rindex("\n") - 1
                if column > columns[-1]:
                    columns.append(column)
                    yield lark.Token.new_borrow_pos("_INDENT", "", token)
                    continue
                yield token
                while column < columns[-1]:
                    columns.pop()
                    yield lark.Token.new_borrow_pos("_DEDENT", "", token)
        assert token is not None
        yield lark.Token.new_borrow_pos("_NL", "", token)
        for _ in columns[1:]:
            yield lark.Token.new_borrow_pos("_DEDENT", "", token)


class Adapted(lark.Transformer[lark.Token, Any]):
    """The builder as Lark's parser calls it."""

    def __init__(self, builder: Builder) -> None:
        super().__init__()
        self.builder = builder
        self.shifts = {name for name, _ in module.tables().terminals if hasattr(builder, name)}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self.shifts:
            shift = getattr(self.builder, name)
            return lambda token: shift(token.value, token.start_pos, token.end_pos)
        build = getattr(self.builder, name)
        return lambda items: build([_plain(item) for item in items])


def _plain(item: Any) -> Any:
    if isinstance(item, lark.Token):
        return Token(item.type, item.value, item.start_pos, item.end_pos)
    return item


def test_lark_reads_the_tour_alike() -> None:
    builder = Builder()
    builder.source, builder.signs = Source("tour.kpi", TOUR), 0
    parser = lark.Lark(
        GRAMMAR,
        parser="lalr",
        start=list(module.STARTS),
        keep_all_tokens=True,
        maybe_placeholders=False,
        postlex=Layout(),
        transformer=Adapted(builder),
    )
    for (start, end), definition in zip(pieces(TOUR), read(TOUR)[0].definitions, strict=True):
        assert parser.parse(lark.TextSlice(TOUR, start, end), "definition") == definition


def test_every_rule_has_its_method() -> None:
    for method, size, _ in module.tables().rules:
        assert callable(getattr(Builder, method))
        assert size > 0


# -- the cache ------------------------------------------------------------------------------------------------------

READ = """
import sys
from kpidsl.diagnostics import Report, Source
from kpidsl.syntax.parse import parse
report = Report()
assert len(parse(Source("a", "kpi a\\n  formula b\\n"), report).definitions) == 1, report.items
print("lark" in sys.modules)
"""


def run(cache: Path) -> str:
    """Reads a definition in a process of its own; says whether Lark was needed."""
    env = {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache), "PYTHONPATH": str(Path(module.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", READ], env=env, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.strip()


def test_lark_is_needed_once(tmp_path: Path) -> None:
    assert run(tmp_path) == "True"
    assert run(tmp_path) == "False"


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\x00" * 5000])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    run(tmp_path)
    (file,) = (tmp_path / "kpidsl").iterdir()
    file.write_bytes(damage)
    assert run(tmp_path) == "True"
    assert run(tmp_path) == "False"


def test_a_changed_byte_is_seen(tmp_path: Path) -> None:
    run(tmp_path)
    (file,) = (tmp_path / "kpidsl").iterdir()
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)
    assert run(tmp_path) == "True"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run(tmp_path / "file") == "True"
    assert run(tmp_path / "file") == "True"


def test_cached_tables_are_those_of_the_grammar() -> None:
    """Lark numbers states and rules anew each time; the rules and terminals are the same."""
    fresh, kept = module.compile_grammar(GRAMMAR), module.tables()
    assert sorted(fresh.rules) == sorted(kept.rules)
    assert fresh.terminals == kept.terminals
    assert len(fresh.rows) == len(kept.rows)

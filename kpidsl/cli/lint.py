"""`kpi lint`: what is wrong with the specs, without looking at any data unless it is asked to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from attrs import frozen

from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.inputs import load, unreadable
from kpidsl.cli.outputs import outputs, put
from kpidsl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kpidsl.evaluate.watch import Watch
    from kpidsl.lint.outcome import Outcome
    from kpidsl.specs import (
        Specs,
    )


_NOT_ASKED = frozenset({"K705", "K721", "K780", "K781", "K782", "K783"})
"""What keeps lint, or the data from being looked at."""


@click.command("lint", short_help="Check specs: syntax, names, units, promises.")
@paths_argument
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="text or json; repeatable.")
@click.option("--select", multiple=True, metavar="RULE", help="Only these rules or families; repeatable.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Not these rules or families; repeatable.")
@click.option("--fix", is_flag=True, help="Apply the fixes that keep the meaning.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: also those that may change it.")
@click.option("--diff", is_flag=True, help="Write nothing; print what --fix would change.")
@click.option("--baseline", metavar="FILE", help="Findings that may stay; default: that of the config.")
@click.option("--write-baseline", is_flag=True, help="Write down all findings as those that may stay.")
@click.option("--data", is_flag=True, help="Look at the data, too: what promises cannot be kept?")
@click.option(
    "--as-of", metavar="DATE", help="With --data, as of this day; default: as_of of the config, else today."
)
@click.option("--strict", is_flag=True, help="End in 1 for warnings, too.")
@click.option(
    "--stdin-filename", default="<stdin>", metavar="NAME", help="What a text read from - is called."
)
@common
def command(
    paths: tuple[str, ...],
    formats: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    baseline: str | None,
    write_baseline: bool,
    data: bool,
    as_of: str | None,
    strict: bool,
    stdin_filename: str,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check spec files: syntax, names, units, promises, and what good specs have. - reads standard input.
    With --data: also what the data has against the promises.

    Ends in 0 when nothing is found, in 1 for errors (with --strict for warnings, too), in 2 when files
    cannot be read.
    """
    from kpidsl.diagnostics import Severity
    from kpidsl.render import data as plain
    from kpidsl.render.cells import Screen
    from kpidsl.render.diagnostics import render, summary

    screens = console(color)
    targets = outputs(formats, ("text", "json"))
    if as_of is not None and not data:
        raise click.UsageError("--as-of goes with --data: without it no data is looked at")
    if unsafe_fixes and not (fix or diff):
        raise click.UsageError("--unsafe-fixes goes with --fix or --diff")
    if fix and not diff and "-" in paths:
        raise click.UsageError("--fix writes files, and - is none; --diff prints what would change")
    asked = _Asked(_words(select), _words(ignore))
    specs = load(paths, stdin_filename)
    outcome = asked.look(specs)
    refused: tuple[Diagnostic, ...] = ()
    if (fix or diff) and not _hindered(specs, outcome):
        from kpidsl.cli.mending import mend_files, show

        if diff:
            return show(specs, asked.findings, screens, unsafe=unsafe_fixes)
        refused = mend_files(specs, asked.findings, screens, unsafe=unsafe_fixes, quiet=quiet)
        specs = load(paths, stdin_filename)
        outcome = asked.look(specs)
    found = (*outcome.problems, *outcome.findings, *refused)
    old = 0
    if not _hindered(specs, outcome):
        from kpidsl.cli.baselines import without_known

        known = without_known(specs, found, baseline, write_baseline, asked.everything, screens, quiet=quiet)
        found, old = known.findings, known.old
    if data and not _hindered(specs, outcome):
        with screens.watch(quiet=quiet) as watch:
            found = (*found, *_in_data(specs, as_of, watch))
    shown = wanted(found, quiet=quiet, verbose=verbose)

    def text(screen: Screen) -> str:
        counted = summary(shown)
        files = len(specs.sources)
        nothing = f"nothing {'new ' if old else ''}found"
        last = counted or ("" if quiet else f"{files} file{'s' if files != 1 else ''}: {nothing}")
        passed = _let_pass(old, len(outcome.passed)) if verbose or old else ""
        return render(shown, screen) + (f"{last}{passed}\n" if last else "")

    written = put(targets, {"text": text, "json": lambda _: plain.as_json(plain.findings(found))}, screens)
    if not written or unreadable(found) or any(d.code in _NOT_ASKED for d in found):
        return 2
    least = Severity.WARNING if strict else Severity.ERROR
    return int(any(d.severity >= least for d in found))


@frozen
class _Asked:
    """Which rules the options ask for."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]

    @property
    def everything(self) -> bool:
        """Whether all is looked for that the config asks for."""
        return not (self.select or self.ignore)

    def look(self, specs: Specs) -> Outcome:
        """All that lint has to say; where files cannot be read, only that."""
        from kpidsl.lint.outcome import Outcome
        from kpidsl.lint.run import check

        if unreadable(specs.diagnostics):
            return Outcome(specs.diagnostics)
        return check(specs, select=self.select, ignore=self.ignore)

    def findings(self, specs: Specs) -> tuple[Diagnostic, ...]:
        """What is found."""
        return self.look(specs).findings


def _words(texts: Sequence[str]) -> tuple[str, ...]:
    """Rules as options name them: each may hold several, with commas."""
    return tuple(word.strip() for text in texts for word in text.split(",") if word.strip())


def _hindered(specs: Specs, outcome: Outcome) -> bool:
    """Whether something keeps lint from doing its job."""
    return bool(outcome.problems) or unreadable(specs.diagnostics)


def _let_pass(old: int, passed: int) -> str:
    said = [f"{old} in the baseline"] if old else []
    said += [f"{passed} let pass by comments"] if passed else []
    return f" ({', '.join(said)})" if said else ""


def _in_data(specs: Specs, as_of: str | None, watch: Watch) -> tuple[Diagnostic, ...]:
    """What the data has against the promises, and what is wrong with the data itself."""
    from attrs import evolve

    from kpidsl import project
    from kpidsl.attainable import Lookback, findings, without_slices

    whole = specs.with_graph(without_slices(specs.graph))
    wish = project.wish(whole, as_of=as_of)
    if not isinstance(wish, project.Wish):
        return wish
    look = Lookback(wish.as_of, specs.graph.calendar)
    outcome = project.evaluate(whole, evolve(wish, more=look), watch)
    known = frozenset(map(id, specs.diagnostics))
    wrong = (d for d in (*outcome.diagnostics, *outcome.warnings) if id(d) not in known)
    return (*wrong, *findings(outcome))

"""`kpi lint`: check specs without looking at data, or with what the data has to say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click
from attrs import evolve

from kpidsl.cli import names
from kpidsl.cli.baselines import Keep, without_known
from kpidsl.cli.changed import only_changed
from kpidsl.cli.console import common, console, paths_argument
from kpidsl.cli.inputs import force_exclude_option, load, tell_left_out
from kpidsl.cli.linting import look
from kpidsl.cli.outputs import as_findings, findings_format, outputs, publish
from kpidsl.collector import left_alone, uncollected
from kpidsl.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from kpidsl.evaluate.watch import Watch
    from kpidsl.specs import Specs

_STDIN = "<stdin>"
_IN_DATA = frozenset({"K505", "K506", "K507", "K508", "K509", "K511", "K518", "K522", "K603", "K606"})
"""Errors that are findings: data was looked at, and is not as the spec says. Others keep it from being
looked at."""


@click.command("lint", short_help="Check specs: syntax, names, units, promises.")
@paths_argument
@findings_format()
@click.option(
    "--select",
    multiple=True,
    metavar="RULE",
    shell_complete=names.chosen,
    help="Only these rules or families; repeatable.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULE",
    shell_complete=names.chosen,
    help="Not these rules or families; repeatable.",
)
@click.option("--changed", is_flag=True, help="Only what means something else than in --against.")
@click.option(
    "--against",
    metavar="REF",
    help="With --changed: a branch, tag, commit or folder; default: the branch that is to be merged into.",
)
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
@click.option("--stdin-filename", default=_STDIN, metavar="NAME", help="What a text read from - is called.")
@force_exclude_option
@common
def command(
    paths: tuple[str, ...],
    formats: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    changed: bool,
    against: str | None,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    baseline: str | None,
    write_baseline: bool,
    data: bool,
    as_of: str | None,
    strict: bool,
    stdin_filename: str,
    force_exclude: bool,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check spec files: syntax, names, units, promises, and what good specs have. - reads standard input.
    With --data: also what the data has against the promises.

    Ends in 0 when nothing is found, in 1 for errors (with --strict for warnings, too), in 2 when files, or
    with --data the data, cannot be read.
    """
    from kpidsl.render.findings import FORMATS

    screens = console(color)
    targets = outputs(formats, FORMATS)
    for wrong, said in (
        (as_of is not None and not data, "--as-of goes with --data: without it no data is looked at"),
        (unsafe_fixes and not (fix or diff), "--unsafe-fixes goes with --fix or --diff"),
        (
            fix and not diff and "-" in paths,
            "--fix writes files, and - is none; --diff shows what would change",
        ),
        (against and not changed, "--against goes with --changed: without it everything is looked at"),
        (
            stdin_filename != _STDIN and "-" not in paths,
            "--stdin-filename goes with -: standard input is not read",
        ),
        (write_baseline and diff, "--diff writes nothing, and --write-baseline does"),
    ):
        if wrong:
            raise click.UsageError(said)
    rules = _words("--select", select), _words("--ignore", ignore)
    read = partial(load, paths, stdin_filename, force_exclude=force_exclude)
    with uncollected():
        specs = read()
        if not quiet:
            tell_left_out(specs, screens)
        found = look(specs, *rules)
        if (fix or diff) and found.whole:
            from kpidsl.cli.mending import mend_files, show

            def again(mended: Specs) -> tuple[Diagnostic, ...]:
                return look(mended, *rules).findings

            if diff:
                return show(specs, again, screens, unsafe=unsafe_fixes)
            refused = mend_files(specs, again, screens, unsafe=unsafe_fixes, quiet=quiet)
            specs = read()
            found = look(specs, *rules).and_more(refused)
        if found.whole:
            keep = Keep(baseline, write_baseline, shrink=not any(rules))
            found = without_known(specs, found, keep, None if quiet else screens)
        if changed and found.whole:
            found = only_changed(specs, found, against, paths, None if quiet else screens)
        left_alone()
    if data and found.whole:
        with screens.watch(quiet=quiet) as watch:
            told = _in_data(specs, as_of, watch)
        unread = any(d.severity is Severity.ERROR and d.code not in _IN_DATA for d in told)
        found = evolve(found.with_data(specs, told, *rules), in_part=unread)
    every = as_findings("lint", [found.check(strict=strict)], specs, quiet=quiet, verbose=verbose)
    return every.code if publish(every, targets, screens) else 2


def _words(option: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Rules as an option names them: each text may hold several, with commas."""
    found = [[word.strip() for word in text.split(",") if word.strip()] for text in texts]
    if not all(found):  # an empty variable of a script would be all rules, or none
        raise click.UsageError(
            f"{option} names no rule; one is a code, a name or a family, as in {option} smart"
        )
    return tuple(word for words in found for word in words)


def _in_data(specs: Specs, as_of: str | None, watch: Watch) -> tuple[Diagnostic, ...]:
    """What the data has against the promises, and what is wrong with the data itself."""
    from kpidsl import absent, attainable, project

    whole = specs.with_graph(attainable.without_slices(specs.graph))
    wish = project.wish(whole, as_of=as_of)
    if not isinstance(wish, project.Wish):
        return wish
    history = attainable.Lookback(wish.as_of, specs.graph.calendar)
    values = absent.Counting(specs, wish.as_of)
    outcome = project.evaluate(
        whole, evolve(wish, more=lambda *asked: (*history(*asked), *values(*asked))), watch
    )
    known = frozenset(map(id, specs.diagnostics))
    wrong = (d for d in (*outcome.diagnostics, *outcome.warnings) if id(d) not in known)
    unknown = absent.findings(values, outcome, lambda more: project.evaluate(whole, more, watch), wish)
    return (*wrong, *unknown, *attainable.findings(outcome))

"""What `kpi whatif`, `kpi solve` and `kpi scenario` share: options, the run and its output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import frozen

from kpidsl.cli.console import Console, wanted
from kpidsl.cli.inputs import load, pairs, unreadable
from kpidsl.cli.outputs import Renderer, outputs, put
from kpidsl.diagnostics import Diagnostic, Severity, near

if TYPE_CHECKING:
    from kpidsl.config import Limits
    from kpidsl.graph import Scenario
    from kpidsl.specs import Specs
    from kpidsl.whatif import Report, Sought

Command = TypeVar("Command", bound=Callable[..., Any])
_FORMATS = ("text", "json", "markdown")


@frozen
class Given:
    """The options that the three have."""

    paths: tuple[str, ...]
    as_of: str | None
    period: str | None
    data: tuple[str, ...]
    formats: tuple[str, ...]
    held: Limits
    color: bool | None
    verbose: bool
    quiet: bool


def evaluation_options(command: Command) -> Command:
    """`--as-of`, `--in`, `--data`, `--format`."""
    for option in (
        click.option(
            "--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help=f"{', '.join(_FORMATS)}."
        ),
        click.option(
            "--data", multiple=True, metavar="NAME=FILE", help="Read a source from this file; repeatable."
        ),
        click.option(
            "--in", "period", metavar="PERIOD", help="In this period (2026-09) instead of the last one."
        ),
        click.option(
            "--as-of", metavar="DATE", help="As of this day; default: as_of of the config, else today."
        ),
    ):
        command = option(command)
    return command


def given(command: Callable[..., int]) -> Callable[..., int]:
    """Gathers the shared options into one."""

    @wraps(command)
    def gathered(**options: Any) -> int:
        shared = {name: options.pop(name) for name in Given.__annotations__}
        return command(Given(**shared), **options)

    return gathered


def go(
    asked: Given,
    screens: Console,
    *,
    sets: Sequence[str] = (),
    sought: Sought | None = None,
    titles: Sequence[str] = (),
) -> int:
    """Run what is asked for: assumptions, a search, or else the scenarios of the specs."""
    targets = outputs(asked.formats, _FORMATS)
    data = pairs(asked.data, "--data", "NAME=FILE")
    specs = load(asked.paths)
    if unreadable(specs.diagnostics):
        screens.report(wanted(specs.diagnostics, quiet=asked.quiet, verbose=asked.verbose))
        return 2

    from kpidsl import project, whatif
    from kpidsl.render import data as plain
    from kpidsl.render import whatif as rendering
    from kpidsl.specs import Specs

    wish = project.wish(specs, as_of=asked.as_of, period=asked.period, data=data, limits=asked.held)
    if not isinstance(wish, project.Wish):
        screens.report(wish)
        return 2
    if sets or sought:
        found = whatif.scenario(specs, sets, sought)
        if not isinstance(found[0], Specs):
            screens.report(found)
            return 2
        specs, scenarios = found[0], [found[1]]
    else:
        chosen = _chosen(specs, titles)
        if isinstance(chosen, Diagnostic):
            screens.report([chosen])
            return 2
        scenarios = chosen
    try:
        with screens.watch(quiet=asked.quiet) as watch:
            report = whatif.run(specs, scenarios, wish, watch, sought.between if sought else None)
    except ImportError as error:
        screens.report([_no_scipy(error)])
        return 2
    screens.report(wanted(report.diagnostics, quiet=asked.quiet, verbose=asked.verbose))
    screens.report([problem for ran in report.ran for problem in ran.problems])
    renderers: dict[str, Renderer] = {
        "text": lambda screen: rendering.render(report, screen, quiet=asked.quiet),
        "json": lambda _: plain.as_json(rendering.as_data(report, specs.config.name)),
        "markdown": lambda _: rendering.as_markdown(report),
    }
    return _code(report) if put(targets, renderers, screens) else 2


def _code(report: Report) -> int:
    if any(ran.failed for ran in report.ran) or any(d.severity is Severity.ERROR for d in report.diagnostics):
        return 2
    return int(not all(ran.passed for ran in report.ran))


def _chosen(specs: Specs, titles: Sequence[str]) -> list[Scenario] | Diagnostic:
    known = {scenario.title: scenario for scenario in specs.graph.scenarios}
    for title in titles:
        if title not in known:
            alike = near(title, known)
            hint = f"one with a similar title: `{alike[0]}`" if alike else f"{len(known)} are known"
            return Diagnostic("K727", f"there is no scenario `{title}`", help=hint)
    return [known[title] for title in titles] if titles else list(specs.graph.scenarios)


def _no_scipy(error: ImportError) -> Diagnostic:
    if (error.name or "").split(".")[0] != "scipy":
        raise error
    return Diagnostic(
        "K740",
        "to look for a value takes scipy, which is not installed",
        help="`pip install 'kpidsl[solve]'` installs it",
    )

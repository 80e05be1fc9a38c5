"""`kpi breaking`: whether a change of the specs breaks something that nobody has agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click
from attrs import evolve

from kpidsl.cli.compared import as_of_option, comparison
from kpidsl.cli.console import Console, common, console, paths_argument
from kpidsl.cli.inputs import load
from kpidsl.cli.outputs import as_findings, findings_format, outputs, publish
from kpidsl.diagnostics import Diagnostic, Report, Severity

if TYPE_CHECKING:
    from kpidsl.diff.approvals import Approval
    from kpidsl.diff.comparison import Comparison
    from kpidsl.findings import Check

Level = Literal["target", "value", "name"]


@click.command("breaking", short_help="Check that nothing breaks that nobody has approved.")
@paths_argument
@click.option(
    "--against",
    metavar="REF",
    help="What is compared with: main, v1.0, a folder; default: the branch that is to be merged into.",
)
@click.option(
    "--level", type=click.Choice(get_args(Level)), default="target", show_default=True,
    help="The least that counts: moved promises, other values, or lost names.",
)  # fmt: skip
@as_of_option
@findings_format()
@click.option(
    "--approve", multiple=True, metavar="FINGERPRINT", help="Write down that it is agreed; repeatable."
)
@click.option("--who", metavar="NAME", help="With --approve: who agreed.")
@click.option("--why", metavar="TEXT", help="With --approve: why.")
@click.option("--until", metavar="DATE", help="With --approve: how long the agreement holds.")
@common
def command(
    paths: tuple[str, ...],
    against: str | None,
    level: Level,
    as_of: str | None,
    formats: tuple[str, ...],
    approve: tuple[str, ...],
    who: str | None,
    why: str | None,
    until: str | None,
    color: bool | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Check the working tree against a git ref: names that are gone, values that are computed in another
    way, promises that are loosened. What approvals.toml has an approval of is told with --verbose only.

    Ends in 1 if something is not approved, in 2 if something cannot be compared.
    """
    from kpidsl.render.findings import FORMATS

    screens = console(color)
    targets = outputs(formats, FORMATS)
    if approve and not (who and why):
        raise click.UsageError("--approve goes with --who and --why")

    from kpidsl import revision
    from kpidsl.findings import Check

    found = comparison(lambda: revision.against(against or revision.usual(paths), paths), as_of)
    if approve:
        return _approve(found, level, approve, (who or "", why or "", until), screens)
    if isinstance(found, tuple):
        checked, specs = Check("breaking", found, whole=False), load(paths)
    else:
        checked, specs = check(found, level), found.new.specs
    told = as_findings("breaking", [checked], specs, quiet=quiet, verbose=verbose)
    own = {"json": lambda _: _json(found, level, told.diagnostics)}
    return told.code if publish(told, targets, screens, own) else 2


def check(found: Comparison, level: Level = "target", *, errors_told: bool = False) -> Check:
    """What breaks and is not agreed to, as a check of `kpi breaking` and of `kpi ci`. `errors_told`: what has
    an error is told by another check, and that it is not compared is a warning then."""
    from kpidsl.diff import breaking
    from kpidsl.findings import Check

    report = Report()
    approvals = _approvals(found, report)
    changes = breaking.breaking(found.changes, breaking.LEVELS[level])
    findings = breaking.findings(changes, approvals, found.as_of, was=found.old.name)
    about = [_weaker(d) if errors_told else d for d in found.diagnostics]
    every = (*about, *report, *findings)
    incomplete = found.incomplete and not errors_told
    said = (
        f"nothing breaks against {found.old.shown}" if all(d.severity is Severity.INFO for d in every) else ""
    )
    return Check("breaking", every, whole=not (incomplete or report.errors), said=said)


def _weaker(d: Diagnostic) -> Diagnostic:
    return evolve(d, severity=min(d.severity, Severity.WARNING))


def _json(found: Comparison | tuple[Diagnostic, ...], level: Level, diagnostics: Sequence[Diagnostic]) -> str:
    """What could not be compared has no changes, which is not to have none."""
    from kpidsl.diff import breaking, plain
    from kpidsl.render.data import as_json, findings

    about: dict[str, object] = {"against": None, "as_of": None, "changes": None}
    if not isinstance(found, tuple):
        changes = breaking.breaking(found.changes, breaking.LEVELS[level])
        about = {
            "against": found.old.name,
            "as_of": found.as_of.isoformat(),
            "changes": [plain.change(change) for change in changes],
        }
    return as_json(findings(diagnostics) | about)


def _approvals(found: Comparison, report: Report) -> tuple[Approval, ...]:
    from kpidsl.diff import approvals

    return approvals.read(found.new.text(approvals.FILE, report), report)


def _approve(
    found: Comparison | tuple[Diagnostic, ...],
    level: Level,
    wanted: Sequence[str],
    said: tuple[str, str, str | None],
    screens: Console,
) -> int:
    """Add approvals to the file, each of a change that is made."""
    from kpidsl import files
    from kpidsl.diagnostics import near
    from kpidsl.diff import approvals, breaking

    if isinstance(found, tuple):
        screens.report(found)
        return 2
    report = Report()
    _approvals(found, report)
    if report.errors:
        screens.report(report)
        return 2
    made = {change.fingerprint: change for change in breaking.breaking(found.changes, breaking.LEVELS[level])}
    for name in wanted:
        if name not in made:
            alike = near(name, made)
            hint = f"; a similar one: {alike[0]}" if alike else ""
            raise click.BadParameter(
                f"no breaking change has the fingerprint `{name}`{hint}", param_hint="--approve"
            )
    who, why, until = said
    day = _day(until, found)
    if isinstance(day, Diagnostic):
        screens.report([day])
        return 2
    if day is not None and day < found.as_of:
        raise click.BadParameter(
            f"{day} is over as of {found.as_of}: the approval would not count", param_hint="--until"
        )
    path = Path(found.new.specs.config.root) / approvals.FILE
    before = path.read_text("utf-8") if path.is_file() else ""
    parts = [before.rstrip("\n")] if before.strip() else []
    parts += [approvals.entry(made[name], who, why, day).rstrip("\n") for name in dict.fromkeys(wanted)]
    if (problem := files.write(path, "\n\n".join(parts) + "\n")) is not None:
        screens.report([problem])
        return 2
    count = len(dict.fromkeys(wanted))
    screens.tell(f"{count} approval{'s' if count > 1 else ''} written to {files.shown_as(path)}\n")
    return 0


def _day(text: str | None, found: Comparison) -> date | Diagnostic | None:
    from kpidsl.model.literals import parse_day

    try:
        return parse_day(text, found.new.specs.graph.calendar) if text is not None else None
    except ValueError as error:
        return Diagnostic("K721", f"the day of --until cannot be read: {error}")

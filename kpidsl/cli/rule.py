"""`kpi rule`: what a code, or a rule of lint, means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpidsl.cli import names
from kpidsl.cli.console import Console, common, console

if TYPE_CHECKING:
    from kpidsl.codes import Code
    from kpidsl.lint.rule import Rule

_EMPTY = """\
the family `{}` has no rules in this project; its config declares one, as in

  [lint.rules.kpis-have-owners]
  require = ["owner"]
"""


@click.command("rule", short_help="Say what a diagnostic or a rule means.")
@click.argument("code", required=False, metavar="[RULE]", shell_complete=names.rules)
@common
def command(code: str | None, color: bool | None, verbose: bool, quiet: bool) -> int:
    """Say what a diagnostic or a rule of lint means, by its code (K302), its name (unit-mismatch) or its
    family (smart); all of them when none is given. Of a single rule: why it matters, and examples."""
    from kpidsl import config
    from kpidsl.codes import CATALOGUE
    from kpidsl.diagnostics import Report, near
    from kpidsl.lint.ask import all_rules
    from kpidsl.lint.rule import FAMILIES

    screens = console(color)
    every, _ = all_rules(config.load([], Report()).lint)
    rules = every
    paged = {rule.code for rule in rules}
    plain = [entry for entry in CATALOGUE.values() if entry.code not in paged]
    if code is not None:
        rules = tuple(rule for rule in every if rule.answers(code))
        plain = [entry for entry in plain if code.casefold() in (entry.code.casefold(), entry.name)]
    if not rules and not plain and code is not None and code.casefold() in FAMILIES:
        screens.say(_EMPTY.format(code.casefold()))
        return 0
    if not rules and not plain:
        known = [word for rule in every for word in (rule.name, rule.code)]
        known += [word for entry in CATALOGUE.values() for word in (entry.name, entry.code)]
        alike = near(code or "", known)
        hint = f"; similar: {', '.join(alike)}" if alike else ""
        raise click.UsageError(f"no diagnostic and no rule has the code or name `{code}`{hint}")
    if code is not None and len(rules) == 1:
        screens.say(_page(rules[0], screens))
        return 0
    _list([*plain, *rules], screens)
    return 0


def _list(entries: list[Code | Rule], screens: Console) -> None:
    """One line for each."""
    column = max(len(entry.name) for entry in entries)
    for entry in sorted(entries, key=lambda entry: (not entry.code.startswith("K"), entry.code)):
        name = screens.out.paint(f"{entry.name:<{column}}", "bold")
        code = entry.code if entry.code != entry.name else " " * 4
        screens.say(f"{code} {name}  {entry.severity.word:<7}  {entry.summary}\n")


def _page(rule: Rule, screens: Console) -> str:
    """All about one rule."""
    from kpidsl.render.cells import wrap

    out = screens.out
    head = f"{rule.code} {rule.name}" if rule.code != rule.name else rule.name
    letter = f", {rule.letter} of SMART" if rule.letter else ""
    lines = [out.paint(head, "bold") + f"  {rule.severity.word}  {rule.family}{letter}", rule.summary, ""]
    lines += wrap(rule.why, min(out.width, 100))
    for title, example in (("Bad:", rule.bad), ("Good:", rule.good)):
        if example.strip():
            lines += ["", title, "", *(f"  {line}".rstrip() for line in example.splitlines())]
    if rule.rows:
        lines += ["", "Rows:", "", *(f"  {line}" for line in rule.rows.splitlines())]
    return "\n".join(lines) + "\n"

"""`kpi completion`: the script by which a shell completes commands, options and names."""

from __future__ import annotations

import click

from kpidsl.cli.console import common, console

SHELLS = ("bash", "zsh", "fish", "powershell")


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@common
def command(shell: str, color: bool | None, verbose: bool, quiet: bool) -> int:
    """Print the script that makes a shell complete commands, options, formats and the names of KPIs.

    \b
    bash        eval "$(kpi completion bash)"                     in ~/.bashrc
    zsh         eval "$(kpi completion zsh)"                      in ~/.zshrc
    fish        kpi completion fish > ~/.config/fish/completions/kpi.fish
    powershell  kpi completion powershell | Out-String | Invoke-Expression   in $PROFILE
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None, "click has all four since 8.5"
    root = click.get_current_context().find_root().command
    console(color).say(kind(root, {}, "kpi", "_KPI_COMPLETE").source())
    return 0

"""`kpi config`: what the config says, key by key, and where."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kpidsl.cli.console import common, console, paths_argument, wanted
from kpidsl.cli.outputs import outputs, put

if TYPE_CHECKING:
    from kpidsl.config import Config, Setting
    from kpidsl.diagnostics import Diagnostic
    from kpidsl.render.cells import Screen


@click.command("config", short_help="Show the config and where each value comes from.")
@paths_argument
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help="text or json; repeatable.")
@common
def command(
    paths: tuple[str, ...], formats: tuple[str, ...], color: bool | None, verbose: bool, quiet: bool
) -> int:
    """Show the config that holds for PATHS: every key with its value, and the file and line that say so.
    Of urls, variables are shown as they are written, and passwords not at all.

    Ends in 2 if something is wrong with it.
    """
    from kpidsl import config as configs
    from kpidsl import files
    from kpidsl.diagnostics import Report
    from kpidsl.render.data import as_json

    screens = console(color)
    targets = outputs(formats, ("text", "json"))
    report = Report()
    named = [path for path in paths if path != "-"]
    report.extend(files.missing(Path(path)) for path in named if not Path(path).exists())
    config = configs.load(named, report)
    screens.report(wanted(report, quiet=quiet, verbose=verbose))
    renderers = {
        "text": lambda screen: _text(config, screen),
        "json": lambda _: as_json(_json(config, report.items)),
    }
    written = put(targets, renderers, screens)
    return 2 if report.errors or not written else 0


def _text(config: Config, screen: Screen) -> str:
    from kpidsl.render.cells import clean, pad, width

    file = os.path.relpath(config.file) if config.file else None
    lines = [
        f"{file}{''.join(f', which extends {name}' for name in config.extends)}" if file else "no config"
    ]
    lines += [f"the folder of the project: {os.path.relpath(config.root)}", ""]
    rows = [(clean(".".join(s.key)), clean(_written(s)), s.place or "default") for s in config.settings]
    first, second = (max(width(row[n]) for row in rows) for n in (0, 1))
    for key, value, place in rows:
        style = "dim" if place == "default" else ""
        lines.append(screen.paint(f"{pad(key, first)}  {pad(value, second)}  {clean(place)}", style))
    return "".join(f"{line}\n" for line in lines)


def _json(config: Config, problems: list[Diagnostic]) -> dict[str, Any]:
    from kpidsl.render.data import SCHEMA_VERSION, diagnostic

    return {
        "schema_version": SCHEMA_VERSION,
        "file": os.path.relpath(config.file) if config.file else None,
        "extends": list(config.extends),
        "root": os.path.relpath(config.root),
        "settings": [{"key": ".".join(s.key), "value": _shown(s), "place": s.place} for s in config.settings],
        "diagnostics": [diagnostic(d) for d in problems],
    }


def _shown(setting: Setting) -> Any:
    """The value as JSON has it, no password in it."""
    from kpidsl.config import without_passwords

    value = setting.value
    if setting.key[0] == "connections" and isinstance(value, str):
        return without_passwords(value)
    plain = value is None or isinstance(value, str | bool | int | float | list)
    return value if plain else str(value)


def _written(setting: Setting) -> str:
    """The value as TOML has it."""
    if setting.value is None:
        return "-"
    shown = _shown(setting)
    same = shown is setting.value or isinstance(setting.value, str)
    return json.dumps(shown, ensure_ascii=False) if same else str(shown)

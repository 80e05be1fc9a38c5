"""`kpi lint --fix` and `--diff`: fixes written, or shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kpidsl.cli.console import Console
from kpidsl.cli.patch import patch
from kpidsl.diagnostics import Diagnostic

if TYPE_CHECKING:
    from kpidsl.specs import Specs

Look = Callable[["Specs"], Sequence[Diagnostic]]


def show(specs: Specs, look: Look, screens: Console, *, unsafe: bool) -> int:
    """Print what would change; 1 if anything would."""
    from kpidsl.lint.mend import mend

    found = mend(specs, look, unsafe=unsafe)
    for source in specs.sources:
        if source.name in found.texts:
            screens.say(patch(source, found.texts[source.name], screens))
    screens.report(found.refused)
    return int(bool(found.texts))


def mend_files(
    specs: Specs, look: Look, screens: Console, *, unsafe: bool, quiet: bool
) -> tuple[Diagnostic, ...]:
    """Write what is mended, with the line ends that were there; the fixes that are refused, and files that
    cannot be written."""
    from kpidsl import files
    from kpidsl.lint.mend import mend

    found = mend(specs, look, unsafe=unsafe)
    problems = {
        name: files.write(Path(name), files.written_as(Path(name), text))
        for name, text in found.texts.items()
    }
    written = {name for name, problem in problems.items() if problem is None}
    fixes = sum(one.span is not None and one.span.source.name in written for one in found.mended)
    if written and not quiet:
        changed = len(written)
        screens.tell(
            f"{fixes} fix{'es' if fixes > 1 else ''} applied in {changed} file{'s' if changed > 1 else ''}\n"
        )
    return (*found.refused, *(problem for problem in problems.values() if problem is not None))

"""How a query's failure is told to people."""

from __future__ import annotations

import errno
from collections.abc import Callable

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.engine import EngineError, no_room
from kpidsl.model.sources import SourceSpec

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""How the system says that there is no room on a disk."""


def told(spec: SourceSpec, error: EngineError, late: Callable[[], Diagnostic]) -> Diagnostic:
    """The diagnostic of a query on a source. `late` tells that the time was over, which is no source's
    fault and told once."""
    match error.fault:
        case "timeout":
            return late()
        case "memory":
            return Diagnostic(
                "K602",
                f"the query on `{spec.name}` needs more memory than allowed",
                spec.span,
                notes=(error.words,),
                help="`--memory`, or `memory` under [limits] in the config, allows more;"
                " a shorter time span or fewer dimensions need less",
            )
        case "disk" if no_room(error.words):
            return Diagnostic(
                "K608",
                f"the query on `{spec.name}` needs more room on the disk than there is",
                spec.span,
                notes=(error.words,),
                help="`--spill FOLDER` writes what does not fit into memory elsewhere, `--spill-size` allows"
                " more of it, `--memory` makes less of it; the config has them under [limits]",
            )
        case _:
            return Diagnostic(
                "K601",
                f"the query on `{spec.name}` failed: {error.words}",
                spec.span,
                help="`kpi explain` shows the query",
            )

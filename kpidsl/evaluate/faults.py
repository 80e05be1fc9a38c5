"""How a query's failure is told to people."""

from __future__ import annotations

import errno

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.engine import EngineError, no_room
from kpidsl.evaluate.watch import Watch
from kpidsl.model.sources import SourceSpec

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""How the system says that there is no room on a disk."""


def told(spec: SourceSpec, error: EngineError, watch: Watch, connection: str = "") -> Diagnostic:
    """The diagnostic of a query on a source, which is in a connection of the config or in the session's own
    engine. That the time of the evaluation was over is no source's fault, and told once."""
    span, query, said = spec.span, f"the query on `{spec.name}`", (error.words,)
    place = f"connection {connection}" if connection else None
    match error.fault:
        case "driver" | "connection" | "permission" if connection:
            return _of_connection(spec, error, connection)
        case "timeout" if watch.expired or not connection:
            return watch.late()
        case "timeout":
            message = f"{query} took longer than `{connection}` allows"
            help_ = (
                "the server's settings, or those of its user, say how long; a shorter time span takes less"
            )
            return Diagnostic("K609", message, span, notes=said, help=help_, place=place)
        case "memory":
            message = f"{query} needs more memory than allowed"
            help_ = "a shorter time span or fewer dimensions need less"
            own = "`--memory`, or `memory` under [limits] in the config, allows more; "
            help_ = help_ if connection else own + help_
            return Diagnostic("K602", message, span, notes=said, help=help_, place=place)
        case "disk" if no_room(error.words) and not connection:
            return Diagnostic(
                "K608",
                f"{query} needs more room on the disk than there is",
                span,
                notes=said,
                help="`--spill FOLDER` writes what does not fit into memory elsewhere, `--spill-size` allows"
                " more of it, `--memory` makes less of it; the config has them under [limits]",
            )
        case _:
            message = f"{query} failed: {error.words}"
            return Diagnostic("K601", message, span, help="`kpi explain` shows the query", place=place)


def _of_connection(spec: SourceSpec, error: EngineError, connection: str) -> Diagnostic:
    place, said = f"connection {connection}", (error.words,)
    match error.fault:
        case "driver":
            message = f"connection `{connection}` needs a library that is not installed"
            return Diagnostic("K530", message, spec.span, help=f"`{error.words}` installs it", place=place)
        case "permission":
            message = f"connection `{connection}` may not read what `{spec.name}` needs"
            help_ = "the user of the connection needs the right to SELECT from the table"
            return Diagnostic("K532", message, spec.span, notes=said, help=help_, place=place)
        case _:
            message = f"connection `{connection}` does not answer"
            help_ = f"`url` of `[connections.{connection}]` and the environment variables in it say where"
            return Diagnostic("K531", message, spec.span, notes=said, help=help_, place=place)

"""What is said of a query that failed: the engine's own words, and one way out."""

from __future__ import annotations

import errno

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.engine import EngineError, no_room
from kpidsl.model.sources import SourceSpec

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""How the system says that there is no room on a disk."""


def failure(error: EngineError, spec: SourceSpec, connection: str = "") -> Diagnostic:
    """The error for a source, which lies in a connection of the config or in the session's own engine."""
    span, query, said = spec.span, f"the query on `{spec.name}`", (error.words,)
    place = f"connection {connection}" if connection else None
    if error.told is not None:
        return error.told
    match error.fault:
        case "driver":
            message = f"connection `{connection}` needs a library that is not installed"
            return Diagnostic("K530", message, span, help=f"`{error.words}` installs it", place=place)
        case "java":
            message = f"connection `{connection}` needs Java 17 or newer, which was not found"
            help_ = "`JAVA_HOME` names the folder of a Java, or else its `java` is found by `PATH`"
            return Diagnostic("K530", message, span, notes=said, help=help_, place=place)
        case "connection":
            return Diagnostic(
                "K531",
                f"no connection to `{connection}`",
                span,
                notes=said,
                help=f"`url` of `[connections.{connection}]` and the environment variables in it say where,"
                " and as whom",
                place=place,
            )
        case "permission" if connection:
            return Diagnostic(
                "K532",
                f"connection `{connection}` may not read what `{spec.name}` needs",
                span,
                notes=said,
                help="the user of the connection needs the right to SELECT from the table",
                place=place,
            )
        case "memory":
            message = f"{query} needs more memory than allowed"
            help_ = "a shorter time span or fewer dimensions need less"
            help_ = help_ if connection else f"`memory` of `[limits]` allows more; {help_}"
            return Diagnostic("K602", message, span, notes=said, help=help_, place=place)
        case "timeout" if connection:
            message = f"{query} took longer than `{connection}` allows"
            help_ = "the settings of the server or of its user say how long; a shorter time span takes less"
            return Diagnostic("K609", message, span, notes=said, help=help_, place=place)
        case "timeout":
            message = f"{query} took longer than allowed"
            help_ = "`timeout` of `[limits]` allows more; a shorter time span takes less"
            return Diagnostic("K607", message, span, notes=said, help=help_, place=place)
        case "disk" if no_room(error.words) and not connection:
            message = f"{query} needs more room on the disk than there is"
            help_ = (
                "`spill` of `[limits]` is where it is written, `spill_size` how much of it may be;"
                " more `memory` makes less of it"
            )
            return Diagnostic("K608", message, span, notes=said, help=help_, place=place)
        case "disk":
            message = f"{query} could not read or write on a disk"
            help_ = "the engine's words say which; a shorter time span needs less room"
            return Diagnostic("K608", message, span, notes=said, help=help_, place=place)
        case _:
            message = f"{query} failed: {error.words}"
            return Diagnostic("K601", message, span, help="`kpi explain` shows the query", place=place)

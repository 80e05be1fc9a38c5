"""KPIs as code: specs in text, verdicts from data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kpidsl.api import Evaluation, KpiError, Project, Why, load
    from kpidsl.diagnostics import Diagnostic
    from kpidsl.results import Verdict
    from kpidsl.trial import Trial

__all__ = ["Diagnostic", "Evaluation", "KpiError", "Project", "Trial", "Verdict", "Why", "load"]

_HOMES = {"Diagnostic": "kpidsl.diagnostics", "Trial": "kpidsl.trial", "Verdict": "kpidsl.results"}


def __getattr__(name: str) -> Any:
    """Names are imported when they are used: `import kpidsl` alone costs nothing, and the command line
    needs that."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES.get(name, "kpidsl.api")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

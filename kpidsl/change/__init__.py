"""Why a number moved between two periods: its change over the factors of its formula, and over slices."""

from kpidsl.change.explain import explain_change
from kpidsl.change.results import Change, SliceChanges

__all__ = ["Change", "SliceChanges", "explain_change"]

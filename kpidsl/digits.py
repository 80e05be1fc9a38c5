"""Twelve significant digits: what numbers are rounded to, so that the order of summation does not show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DIGITS = 12
_EXACT = 22
"""Powers of ten up to this one are exact as floats."""


def twelve(values: Floats) -> Floats:
    """Rounded to 12 significant digits, each the float that is nearest to these digits; what is not finite is
    NaN."""
    finite = np.isfinite(values)
    x = np.where(finite, values, 0.0)
    with np.errstate(all="ignore"):
        magnitude = np.floor(np.log10(np.abs(x)))
        digits = np.where(x == 0, 0, DIGITS - 1 - magnitude)
        up, down = 10.0 ** np.maximum(digits, 0), 10.0 ** np.maximum(-digits, 0)
        found = np.where(digits >= 0, np.round(x * up) / up, np.round(x / down) * down)
    odd = np.abs(digits) > _EXACT
    if odd.any():
        found[odd] = [float(f"{one:.{DIGITS - 1}e}") for one in x[odd].tolist()]
    return np.where(finite, found + 0.0, np.nan)  # and no negative zero


def noiseless(difference: Floats, greatest: Floats) -> Floats:
    """A difference of numbers up to `greatest`, rid of the digits that are only their floats' inexactness."""
    with np.errstate(all="ignore"):
        digits = np.where(greatest > 0, 14 - np.floor(np.log10(greatest)), 0)
        up = 10.0 ** np.clip(digits, -_EXACT, _EXACT)
        rounded = np.round(difference * up) / up
    return twelve(np.where(np.abs(digits) <= _EXACT, rounded, difference))

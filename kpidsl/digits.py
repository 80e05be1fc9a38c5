"""Twelve significant digits: what numbers are rounded to, so that the order of summation does not show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DIGITS = 12
_CHUNK = 32_768
"""Numbers at a time: what fits into a processor's caches."""
_EXACT = 22
"""Powers of ten up to this one are exact as floats."""


def twelve(values: Floats) -> Floats:
    """Rounded to 12 significant digits, so that the order of summation does not show; what is not finite is
    NaN."""
    out = np.array(values, np.float64, order="K")
    flat = out.ravel("K")
    for start in range(0, flat.size, _CHUNK):
        flat[start : start + _CHUNK] = _rounded_part(flat[start : start + _CHUNK])
    return out


def _rounded_part(values: Floats) -> Floats:
    out = np.where(np.isfinite(values), values, np.nan) + 0.0  # and no negative zero
    size = np.abs(out)
    with np.errstate(invalid="ignore"):
        rough = np.flatnonzero((size >= 1e12) | (out != np.rint(out)) & ~np.isnan(out))
    if len(rough):
        x = out[rough]
        out[rough] = _rounded_to(x, DIGITS - 1 - _magnitude(np.abs(x)))
    return out


_POWERS = np.array([float(f"1e{n}") for n in range(-323, 309)])


def _magnitude(x: Floats) -> NDArray[np.int64]:
    """The decimal exponent of positive numbers."""
    _, binary = np.frexp(x)
    # Too low by one at most: 2 ** (binary - 1) <= x < 2 ** binary.
    below = np.floor((binary - 1) * np.log10(2)).astype(np.int64)
    above = np.clip(below + 1 + 323, 0, len(_POWERS) - 1)
    return np.asarray(np.where((x >= _POWERS[above]) & (below < 308), below + 1, below))


def _rounded_to(x: Floats, digits: NDArray[np.int64]) -> Floats:
    """Rounded to so many digits after the point, before it where negative."""
    out = np.empty_like(x)
    for n in np.flatnonzero(np.abs(digits) > _EXACT):
        out[n] = float(f"{x[n]:.{DIGITS - 1}e}")
    after = (digits >= 0) & (digits <= _EXACT)
    scale = _POWERS[digits[after] + 323]
    out[after] = np.round(x[after] * scale) / scale
    before = (digits < 0) & (digits >= -_EXACT)
    scale = _POWERS[323 - digits[before]]
    out[before] = np.round(x[before] / scale) * scale
    return out


def noiseless(difference: Floats, greatest: Floats) -> Floats:
    """A difference of numbers up to `greatest`, rid of the digits that are only their floats' inexactness."""
    return twelve(cleared(difference, greatest))


def cleared(difference: Floats, greatest: Floats) -> Floats:
    """The same with all the digits that are left: 15 of `greatest`."""
    with np.errstate(all="ignore"):
        digits = np.where(greatest > 0, 14 - np.floor(np.log10(greatest)), 0)
        up = 10.0 ** np.clip(digits, -_EXACT, _EXACT)
        rounded = np.round(difference * up) / up
    return np.where(np.abs(digits) <= _EXACT, rounded, difference)

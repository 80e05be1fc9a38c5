"""What moved a number: its change split over the factors of its formula, and over slices, without a rest.

**Factors.** A sum hands its change on as it is. A product or quotient that keeps its sign hands it on by
logarithmic means (LMDI I; Ang, "The LMDI approach to decomposition analysis: a practical guide", Energy
Policy 33, 2005): with V = x1 x2 ..., x1 accounts for L(V1, V0) ln(x1' / x1), L(a, b) = (a - b) / ln(a / b).
These add up to V1 - V0, and do so at every depth of a nested formula. Where a factor is zero or changes its
sign there is no logarithm: each factor then accounts for its Shapley value (Shapley, 1953), the mean of what
it moves over all orders in which the factors may change, which adds up as well.

**Slices.** A total is moved by what each slice moves. A ratio N / D is the mean of the slices' ratios r,
weighted by w, their shares of D: with midpoints (Bennet, 1920) a slice accounts for the *rate* effect
(w0 + w1) / 2 (r1 - r0) and the *mix* effect (w1 - w0) ((r0 + r1) / 2 - R), R being the midpoint of the whole.
The mix effects are held against R so that a slice that costs more than the whole raises it by growing; for
shares add up to 1, R takes nothing away. Of a slice that is new or gone, one ratio stands for both.
"""

from kpidsl.effects.parts import Part, factors, leaves, log_mean, shapley, split_change
from kpidsl.effects.slices import RateMix, adds_up, by_parts, expanded, quotient, rate_and_mix

__all__ = [
    "Part",
    "RateMix",
    "adds_up",
    "by_parts",
    "expanded",
    "factors",
    "leaves",
    "log_mean",
    "quotient",
    "rate_and_mix",
    "shapley",
    "split_change",
]

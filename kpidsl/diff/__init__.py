"""Two projects compared by what they mean: the changes, what of them breaks something, and who has approved.

`compare` takes definitions apart into facts (`promises`, `relations`, `others`), matches them (`pairs`), and
says what differs (`directions`, `formulas`, `sentences`).
"""

from kpidsl.diff.changes import KINDS, Category, Change
from kpidsl.diff.compare import compare, dependents

__all__ = ["KINDS", "Category", "Change", "compare", "dependents"]

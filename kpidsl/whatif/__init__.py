"""What if: KPIs under assumptions, and the assumption that a KPI takes to reach a value.

`scenario` makes a scenario of what a command or a call was given; `run` reads the data once, judges every KPI
that rests on what is assumed before and after, looks for the unknown and checks what is expected.
"""

from kpidsl.whatif.ask import Sought, numbered, scenario
from kpidsl.whatif.run import Check, Pair, Ran, Report, run
from kpidsl.whatif.search import Search

__all__ = ["Check", "Pair", "Ran", "Report", "Search", "Sought", "numbered", "run", "scenario"]

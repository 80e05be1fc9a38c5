"""Run the tests of specs: rows that are given, a day, and what is to come out.

`worlds` puts the rows of all tests into one set of tables, `hear` judges KPIs on them by the queries of one
evaluation, `check` compares. `coverage` tells what no test looks at, `mutate` which changes of a KPI none
notices, `record` makes a test of real rows, `update` writes what was found.
"""

from kpidsl.testing.run import Ran, Report, chosen, run

__all__ = ["Ran", "Report", "chosen", "run"]

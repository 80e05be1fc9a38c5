"""Judge: numbers and promises in, verdicts out.

`asks` settles which windows a KPI is judged over and what the evaluator has to be asked for; `judge` turns
the answers into verdicts; `roll_up` turns the verdicts of KPIs into that of an objective. Nothing here reads
data.

What language.md settles holds; where it leaves room, this is how it is read:

* **Tolerance.** A `%` is relative to the target, not to what is expected of it by now: 5% of 1,000 leads is
  50 leads on every day, as the tolerance `50 lead` is. Early in a period the band is thus wide beside the
  reference, and the first days' noise alone makes nothing red. Of `between`, each bound has its own.
* **Total by now.** In an open window of an additive formula the reference is what is due at its end times
  the share of its days up to the watermark, unless `pace none`. A target that is itself counted from data of
  the same days (a plan kept as rows) is compared as it is: its rows say when what is due.
* **Said at once.** A total of counts and of sums without a minus can only grow: over a cap and its tolerance
  it is `missed`, at the target or over it is `met`, before the window ends. Refunds kept as negative rows
  can undo that.
* **The line from the baseline** needs a baseline that stays, a start and a deadline. One that moves with the
  window (`previous period`, `same period last year`) asks its change of each window. Between two bounds
  there is no line.
* **Baseline of a total.** Measured every period, it is the mean period of the baseline's window; over the
  last N, that window's total brought to as many days; cumulatively, its total.
* **Whole periods.** A period that begins before a written `from` or ends after the deadline is not judged.
  Where the first data starts the promise, the period it falls in is.
* **Milestones.** Measured cumulatively, each is judged at its day, the last one passed is the headline and a
  straight line leads on to the next. Measured in periods, the last one passed holds; before the first nothing
  is missed yet: `on track`, `at risk`, `off track`.
* **Order of the grey words**: failed, not started, stale, no data.
"""

from kpidsl.judge.hearing import failed, judge
from kpidsl.judge.objective import failed_objective, roll_up, roll_ups
from kpidsl.judge.questions import asks
from kpidsl.judge.schedule import Schedule

__all__ = ["Schedule", "asks", "failed", "failed_objective", "judge", "roll_up", "roll_ups"]

"""What the compiler tells, as pages: why it matters, and an example of each.

These are found on the way to the graph. Warnings among them are chosen, weighed and let pass like all rules;
errors are not, for they keep something from being evaluated.
"""

from __future__ import annotations

from kpidsl.lint.rule import paged

_PAGES: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "K114",
        "syntax",
        """A decimal comma reads as the end of one thing and the beginning of another. Specs are read in
        every country, and write numbers in one way.""",
        "let price = 2,50 EUR",
        "let price = 2.50 EUR",
    ),
    (
        "K113",
        "syntax",
        """A definition is a line at the margin and the lines under it. Colons, braces and semicolons of
        other languages have no meaning, and would only hide where a definition ends.""",
        """
        kpi lead_count: "New leads"
          formula     count(crm)
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
        """,
    ),
    (
        "K118",
        "syntax",
        """A number alone does not say whether more or less of it is good. `at least` and `at most` are
        what the promise is.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      100 leads
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
        """,
    ),
    (
        "K119",
        "syntax",
        """Periods are written from the largest part to the smallest, so that they sort, and so that
        03/04 is no riddle.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          deadline    31/12/2026
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          deadline    2026-12-31
        """,
    ),
    (
        "K201",
        "names",
        """A name means one thing in the whole project. With two definitions nobody can tell which of
        them a formula means.""",
        """
        measure leads = count(crm)
        measure leads = sum(crm.pages)
        """,
        """
        measure leads = count(crm)
        measure pages_read = sum(crm.pages)
        """,
    ),
    (
        "K202",
        "names",
        """A formula can only use what is defined. The message names what is spelled most alike.""",
        """
        measure ad_spend = sum(ads.spend)
        measure double = ad_spent * 2
        """,
        """
        measure ad_spend = sum(ads.spend)
        measure double = ad_spend * 2
        """,
    ),
    (
        "K206",
        "dependencies",
        """What is defined by itself has no beginning, and no value.""",
        """
        measure net = gross - tax
        measure gross = net + tax
        measure tax = sum(orders.cost)
        """,
        """
        measure net = gross - tax
        measure gross = sum(orders.amount)
        measure tax = sum(orders.cost)
        """,
    ),
    (
        "K301",
        "units",
        """Euros and clicks have no sum. Most wrong numbers in reports are right numbers of two
        different things.""",
        "measure nonsense = sum(ads.spend) + sum(ads.clicks)",
        "measure turnover = sum(ads.spend) + sum(ads.revenue)",
    ),
    (
        "K302",
        "units",
        """25 of what? A target in another unit than the reader thinks is another promise.""",
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 25
        """,
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 25 EUR per lead
        """,
    ),
    (
        "K303",
        "units",
        """The declared unit is a check of the formula. Where the two differ, one of them is wrong.""",
        """
        kpi lead_cost "Cost per lead"
          formula     count(crm) / sum(ads.spend)
          unit        EUR per lead
        """,
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          unit        EUR per lead
        """,
    ),
    (
        "K305",
        "types",
        """A text is never equal to a number. The comparison would leave out all rows, silently.""",
        'measure readers = count(crm) where pages = "ten"',
        "measure readers = count(crm) where pages = 10",
    ),
    (
        "K309",
        "aggregation",
        """A sum is one number; there is nothing left to add up or to average.""",
        "measure nonsense = average(sum(orders.amount))",
        "measure basket = average(orders.amount)",
    ),
    (
        "K312",
        "aggregation",
        """Percentages, averages and distinct counts of parts do not make that of the whole. A total of
        them is a number without a meaning.""",
        "measure everyone = running total(count distinct(orders.customer))",
        "measure sold = running total(sum(orders.amount))",
    ),
    (
        "K314",
        "aggregation",
        """A price per click summed over days grows with the number of days. The average that weighs
        each row by what it stands for is what was meant.""",
        """source bids
  from        "data/bids.csv"
  time        day
  column      price EUR per click
  column      clicks click

measure bid = sum(bids.price)""",
        """source bids
  from        "data/bids.csv"
  time        day
  column      price EUR per click
  column      clicks click

measure bid = weighted average(bids.price by bids.clicks)""",
    ),
    (
        "K316",
        "no-value",
        """Nothing can be divided by zero. Where the divisor is always zero, there is never a value.""",
        "measure nonsense = sum(ads.spend) / 0",
        "measure half = sum(ads.spend) / 2",
    ),
    (
        "K401",
        "targets",
        """A target is held against the value, so it has to be in the same unit. One that is not is
        likely that of another KPI.""",
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 25 EUR
        """,
        """
        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 25 EUR per lead
        """,
    ),
    (
        "K402",
        "targets",
        """Points are the difference of two percentages. Of something that is no percentage there are
        none.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          tolerance   2 points
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          tolerance   2%
        """,
    ),
    (
        "K404",
        "targets",
        """Between 200 and 100 there is nothing, so the promise could never be kept.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      between 200 leads and 100 leads
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      between 100 leads and 200 leads
        """,
    ),
    (
        "K406",
        "targets",
        """An increase by 20% needs something to increase from. "Double conversions" without saying
        since when is the classic goal that everybody has met.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      increase by 20%
          deadline    2026-12
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2025
          target      increase by 20%
          deadline    2026-12
        """,
    ),
    (
        "K407",
        "targets",
        """A baseline is what `increase by` and `decrease by` start from. Beside `at least` it is read
        and not used, and readers think that it is.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    previous period
          target      at least 100 EUR
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
        """,
    ),
    (
        "K408",
        "time",
        """A baseline is what was before. One that reaches into the time of the promise moves while the
        promise is kept, and makes it easier or harder by itself.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2025-H2
          target      increase by 20%
          from        2025-10
          deadline    2026-12
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          baseline    2025-H2
          target      increase by 20%
          from        2026-01
          deadline    2026-12
        """,
    ),
    (
        "K409",
        "targets",
        """A promise that ends before it starts is never judged. One of the two days is of another year.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          from        2026-07
          deadline    2026-06
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          from        2026-07
          deadline    2026-12
        """,
    ),
    (
        "K410",
        "time",
        """A total needs a day to begin. Without one, the first row that somebody finds in an archive
        would change the verdict.""",
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          measured    cumulatively
        """,
        """
        kpi sales "Sales"
          formula     sum(orders.amount)
          target      at least 100 EUR
          from        2026-01
          measured    cumulatively
        """,
    ),
    (
        "K416",
        "dependencies",
        """A draft is shown and never counts. As a member of an objective it looks as if it did.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          draft

        objective grow "Grow"
          kpi         lead_count
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads

        objective grow "Grow"
          kpi         lead_count
        """,
    ),
    (
        "K457",
        "sources",
        """Surveys code what is no answer as a number: 99 for "does not know", -1 for "not asked". Without a
        scale a 99 makes a promoter; with one it is reported, and read as missing.""",
        """
        source survey
          from        "survey.csv"
          time        day
          column      recommend number

        kpi promoters "Net promoter score"
          formula     nps(survey.recommend)
        """,
        """
        source survey
          from        "survey.csv"
          time        day
          column      recommend number
          scale       recommend from 0 to 10

        kpi promoters "Net promoter score"
          formula     nps(survey.recommend)
        """,
    ),
    (
        "K447",
        "targets",
        """A pace says which part of a target is expected by now. Without a target nothing is.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          measured    cumulatively
          from        2026-01-01
          deadline    2026-12-31
          pace        linear
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          measured    cumulatively
          from        2026-01-01
          deadline    2026-12-31
          pace        linear
        """,
    ),
    (
        "K419",
        "targets",
        """A tolerance is of a target. Without one there is nothing that could be nearly met.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          tolerance   5%
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          tolerance   5%
        """,
    ),
    (
        "K440",
        "targets",
        """Fix the KPI or fix the budget, never both. Where the targets of the drivers leave no room for
        that of the whole, one of them is broken whatever anybody does.""",
        """
        kpi ad_cost "Spend"
          formula     sum(ads.spend)
          target      at most 1_000 EUR

        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads

        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at least 20 EUR per lead
        """,
        """
        kpi ad_cost "Spend"
          formula     sum(ads.spend)
          target      at most 1_000 EUR

        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads

        kpi lead_cost "Cost per lead"
          formula     sum(ads.spend) / count(crm)
          target      at most 20 EUR per lead
        """,
    ),
    (
        "K453",
        "targets",
        """`confident` and `sample` say how sure one has to be that a promise is kept. Where nothing is
        promised, there is nothing to be sure of.""",
        """
        kpi reader_share "Readers"
          formula     share(crm where pages >= 10)
          sample      at least 100 leads
        """,
        """
        kpi reader_share "Readers"
          formula     share(crm where pages >= 10)
          target      at least 20%
          sample      at least 100 leads
        """,
    ),
    (
        "K455",
        "targets",
        """A forecast says what the value will be at the deadline. A KPI that is judged every month, and for
        ever, has no such day.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          projection  forecast
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)
          target      at least 100 leads
          measured    cumulatively
          from        2026-01-01
          deadline    2026-12-31
          projection  forecast
        """,
    ),
    (
        "K480",
        "practice",
        """A test that expects nothing passes whatever the definitions say, and looks as if they were
        tested.""",
        """
        kpi lead_count "New leads"
          formula     count(crm)

        test "leads are counted"
          as of       2026-02-01
          given crm
            | created_on | contact |
            | 2026-01-05 | anna    |
        """,
        """
        kpi lead_count "New leads"
          formula     count(crm)

        test "leads are counted"
          as of       2026-02-01
          given crm
            | created_on | contact |
            | 2026-01-05 | anna    |
          expect      lead_count in 2026-01 = 1 lead
        """,
    ),
)


RULES = tuple(paged(*page) for page in _PAGES)

"""Every mistake that the compiler tells, on the line it concerns, and a near miss in which there is none."""

import pytest

from kpidsl.codes import CATALOGUE
from tests.compile.spec import SOURCES, build, check_marks, kpi

# name of the case: (spec with marks, the near miss)
CALLS = (
    'source calls\n  from "c.csv"\n  time d\n  column who id of contact\n  column phone id of line\n'
    "  column minutes minute\n  column grade %\n  column word text\n"
)
SCORED = CALLS + "  scale minutes from 0 to 10\n"
COSTS, SPENT = "target at most 9 EUR per lead", "target at most 9 EUR"
CASES = {
    # -- identities and paths
    "other identity": (
        CALLS + kpi("conversion(crm.contact to calls.phone within 7 days) #! K325 this identifies a line"),
        CALLS + kpi("conversion(crm.contact to calls.who within 7 days)"),
    ),
    "same step": (
        CALLS + kpi("conversion(calls.who to calls.who within 7 days) #! K326 the same rows"),
        CALLS + kpi("conversion(calls.who to calls.who where minutes > 5 minute within 7 days)"),
    ),
    "step that identifies nothing": (
        CALLS + kpi("converted(crm.contact to calls.word within 7 days) #! K305 this is text"),
        CALLS + kpi("converted(crm.contact to calls.who within 2 weeks)"),
    ),
    "days of a path": (
        CALLS + kpi("conversion(crm.contact to calls.who within 7 EUR) #! K311 whole days or weeks"),
        CALLS + kpi("conversion(crm.contact to calls.who within 7 days)"),
    ),
    "half a day": (
        CALLS + kpi("conversion(crm.contact to calls.who within 7.5 days) #! K311 whole days or weeks"),
        CALLS + kpi("conversion(crm.contact to calls.who within 0 days)"),
    ),
    "no path": (
        CALLS + kpi("conversion(crm.contact) #! K311 needs steps with `to` between them"),
        CALLS + kpi("count distinct(crm.contact)"),
    ),
    "path of what takes none": (
        CALLS + kpi("sum(crm.contact to calls.who within 7 days) #! K311 `sum` takes no path"),
        CALLS + kpi("converted(crm.contact to calls.who within 7 days)"),
    ),
    "path in growth": (
        CALLS + kpi("growth(crm.contact to calls.who within 7 days) #! K311 `growth` takes no path"),
        CALLS + kpi("growth(converted(crm.contact to calls.who within 7 days))"),
    ),
    "path in a row": (
        CALLS + kpi('leads where lower(contact to origin within 7 days) = "a" #! K311 takes no path'),
        CALLS + kpi('leads where lower(origin) = "a"'),
    ),
    "three touches": (
        CALLS
        + kpi("last touch(crm.contact to calls.who to crm.contact within 7 days) #! K311 at most 2 steps"),
        CALLS + kpi("conversion(crm.contact to calls.who to crm.contact within 7 days)"),
    ),
    "sum of a conversion": (
        CALLS
        + kpi("conversion(crm.contact to calls.who within 7 days, calls.minutes) #! K311 adds nothing up"),
        CALLS + kpi("last touch(crm.contact to calls.who within 7 days, calls.minutes)"),
    ),
    "sum of other rows": (
        CALLS + kpi("last touch(crm.contact to calls.who within 7 days, crm.pages) #! K317 those of calls"),
        CALLS + kpi("last touch(crm.contact to calls.who within 7 days, calls.minutes)"),
    ),
    "sum of attributed percentages": (
        CALLS + kpi("last touch(crm.contact to calls.who within 7 days, calls.grade) #! K312 do not add up"),
        CALLS + kpi("last touch(crm.contact to calls.who within 7 days, calls.minutes)"),
    ),
    "retention after no period": (
        kpi("retention(crm.contact, 0) #! K311 a whole number from 1"),
        kpi("retention(crm.contact, 1)"),
    ),
    "history in a grouped source": (
        "source people\n  from crm by contact\n  column fresh_one = new(contact) #! K310 over time\n",
        "source people\n  from crm by contact\n  column rows_seen = count(crm)\n",
    ),
    "running total of what returns": (
        kpi("running total(returning(crm.contact)) #! K312"),
        kpi("running total(new(crm.contact))"),
    ),
    # -- names
    "name twice": (
        "measure a = sum(ads.spend)\nmeasure a = count(crm) #! K201 defined twice\n",
        "measure a = sum(ads.spend)\nmeasure b = count(crm)\n",
    ),
    "column twice": (
        'source t\n  from "t.csv"\n  time d\n  column a EUR\n  column a USD #! K201 declared twice\n',
        'source t\n  from "t.csv"\n  time d\n  column a EUR\n  column b USD\n',
    ),
    "unknown name": (kpi("ad_spned / leads #! K202 `ad_spend`"), kpi("ad_spend / leads")),
    "column without source": (kpi("sum(spend) #! K202 `sum(ads.spend)` says it"), kpi("sum(ads.spend)")),
    "unknown column": (kpi("sum(ads.spent) #! K203 `spend`"), kpi("sum(ads.spend)")),
    "unknown column in filter": (
        kpi('ad_spend where campain = "a" #! K203 `campaign`'),
        kpi('ad_spend where campaign = "a"'),
    ),
    "unknown column of two sources": (
        kpi("(ad_spend / leads) where clicks > 1 #! K203 crm has no column `clicks`"),
        kpi('(ad_spend / leads) where channel = "google"'),
    ),
    "ambiguous column": (
        kpi('count(orders) where country = "FR" #! K204 `sessions.country` or `buyers.country` says which'),
        kpi('count(orders) where sessions.country = "FR" and city = "Lyon"'),
    ),
    "ambiguous dimension": (
        kpi("count(orders)", "by country #! K204 `sessions.country`"),
        kpi("count(orders)", "by sessions.country"),
    ),
    "unknown source": (kpi("sum(adz.spend) #! K205 `ads`"), kpi("sum(ads.spend)")),
    "unknown link": (
        'source t\n  from "t.csv"\n  time d\n  belongs to session by s #! K205 `sessions`\n',
        'source t\n  from "t.csv"\n  time d\n  belongs to sessions by s\n',
    ),
    "cycle of measures": (
        "measure a = b + leads #! K206 `a` -> `b` -> `a`\nmeasure b = a * 2\n",
        "measure a = b + leads\nmeasure b = leads * 2\n",
    ),
    "cycle of columns": (
        'source t\n  from "t.csv"\n  time d\n  column a = b + 1 #! K206 `t.a` -> `t.b` -> `t.a`\n'
        "  column b = a * 2\n",
        'source t\n  from "t.csv"\n  time d\n  column a = b + 1\n  column b number\n',
    ),
    "unknown function": (kpi("avg(ads.spend) #! K207 there is no function `avg`"), kpi("average(ads.spend)")),
    "unknown row function": (
        kpi('ad_spend where lowercase(campaign) = "a" #! K207 `lower`'),
        kpi('ad_spend where lower(campaign) = "a"'),
    ),
    "two calendars": (
        "calendar\n  weeks start on Monday\ncalendar #! K210 the first one\n  weeks start on Sunday\n",
        "calendar\n  weeks start on Monday\n",
    ),
    "words of the calendar": (
        "calendar\n  fiscal year starts in Avril #! K211 April\n  weeks start on Mondey #! K211 Monday\n"
        "  time zone Europe/Pari #! K211 Europe/Paris\n",
        "calendar\n  fiscal year starts in april\n  weeks start on Monday\n  time zone Europe/Paris\n",
    ),
    "words of a KPI": (
        kpi(
            "ad_spend",
            "measured every months #! K211 month",
            "stage actt #! K211 act",
            "review every yaer #! K211 year",
        ),
        kpi("ad_spend", "measured every month", "stage act", "review every year"),
    ),
    "freshness in months": (
        'source t\n  from "t.csv"\n  time d\n  fresh within 2 months #! K211 whole days\n',
        'source t\n  from "t.csv"\n  time d\n  fresh within 2 weeks\n',
    ),
    "dimension twice": (
        kpi("leads", "by channel and channel #! K212 named twice"),
        kpi("leads", "by channel and contact"),
    ),
    "label twice": (
        kpi("leads", 'label fr "a"', 'label fr "b" #! K212 `fr`'),
        kpi("leads", 'label fr "a"', 'label de "b"'),
    ),
    "no formula": ("kpi y #! K213 has no formula\n  unit EUR\n", "kpi y\n  formula ad_spend\n  unit EUR\n"),
    "no rows": ("source t #! K213 where its rows are\n  time d\n", 'source t\n  time d\n  from "t.csv"\n'),
    "no time": (
        'source t #! K213 which column is its time\n  from "t.csv"\n'
        + kpi("count(t)")
        + kpi("count(t) * 2", name="z"),
        'source t\n  from "t.csv"\n  time d\n' + kpi("count(t)"),
    ),
    "empty objective": (
        'objective o #! K213 has no KPI\n  owner "me"\n',
        kpi("leads") + "objective o\n  kpi x\n",
    ),
    "link twice": (
        'source t\n  from "t.csv"\n  time d\n  belongs to crm by a\n  belongs to crm by b #! K217 twice\n',
        'source t\n  from "t.csv"\n  time d\n  belongs to crm by a\n  belongs to ads by b\n',
    ),
    "dimension that one source lacks": (
        kpi("ad_spend / leads", "by campaign #! K219 crm has no `campaign`"),
        kpi("ad_spend / leads", "by channel"),
    ),
    "channel that one source lacks": (
        kpi("sum(stock.level)", "by channel #! K219 `channel COLUMN`"),
        kpi("leads", "by channel"),
    ),
    # -- units and types
    "sum of units": (
        kpi("ad_spend + leads #! K301 EUR and lead cannot be added"),
        kpi("ad_spend + sum(ads.revenue)"),
    ),
    "currencies": (kpi("ad_spend - sum(ads.fee) #! K301 EUR and USD"), kpi("ad_spend - sum(ads.revenue)")),
    "comparison of units": (
        kpi("ad_spend where spend > fee #! K301 EUR and USD cannot be compared"),
        kpi("ad_spend where spend > revenue and clicks <= impressions"),
    ),
    "number without unit": (kpi("ad_spend + 5 #! K302 `5 EUR` says the unit"), kpi("ad_spend + 5 EUR")),
    "target without unit": (
        kpi("ad_spend / leads", "target at most 25 #! K302 `25 EUR per lead` says the unit"),
        kpi("ad_spend / leads", "target at most 25 EUR per lead"),
    ),
    "percentage without unit": (
        kpi("leads where score > 1 #! ") + kpi("ad_spend where rate > 5 #! K302 `5%`", name="y"),
        kpi("ad_spend where rate > 5% and rate > 0"),
    ),
    "declared unit": (
        kpi("ad_spend / leads", "unit EUR per click #! K303 `unit EUR per lead` would fit"),
        kpi("ad_spend / leads", "unit EUR per lead"),
    ),
    "declared percentage": (
        kpi("ad_spend / leads", "unit % #! K303 ratios of counts"),
        kpi("sum(ads.clicks) / sum(ads.impressions)", "unit %"),
    ),
    "unit that is none": (
        kpi("ad_spend", "unit EUR points #! K304 `points` is not a word"),
        kpi("ad_spend / leads / 2 month", "unit EUR per lead per month"),
    ),
    "text and number": (
        kpi("ad_spend where campaign > 5 #! K305 text cannot be compared with a number"),
        kpi('ad_spend where campaign > "a" and clicks > 5'),
    ),
    "sum of text": (kpi("sum(ads.campaign) #! K305 and this is text"), kpi("count distinct(ads.campaign)")),
    "sum of source": (kpi("sum(ads) #! K305 `sum(ads.spend)`"), kpi("count(ads)")),
    "source as a number": (
        kpi("sum(ads + ads) #! K305 `ads` is a source"),
        kpi("sum(ads.spend + ads.revenue)"),
    ),
    "sum of undeclared": (
        kpi("sum(orders.buyer_id) #! K305 has no declared type"),
        kpi("count distinct(orders.buyer_id)"),
    ),
    "day in quotes": (
        kpi('ad_spend where started > "2026-01-01" #! K305 without quotes'),
        kpi("ad_spend where started > 2026-01-01"),
    ),
    "period and number": (
        kpi("ad_spend where clicks >= 2026-01 #! K305 a period is"),
        kpi("ad_spend where day >= 2026-01"),
    ),
    "branches": (
        'source t\n  from "t.csv"\n  time d\n  column a EUR\n'
        '  column b = when a > 1 then "x" otherwise 5 #! K305 one branch is text\n',
        'source t\n  from "t.csv"\n  time d\n  column a EUR\n'
        '  column b = when a > 1 then "x" otherwise "y"\n',
    ),
    "no condition": (kpi("ad_spend where clicks #! K306 a number in click"), kpi("ad_spend where active")),
    "share of all": (kpi("share(ads) #! K306 the share of which rows"), kpi("share(ads where active)")),
    "condition as formula": (
        kpi("ad_spend > 5 EUR #! K307 a formula needs a number"),
        kpi("count(ads where spend > 5 EUR)"),
    ),
    "text as formula": (kpi('"five" #! K307 a text'), kpi("leads")),
    "bare column": (kpi("ads.spend / leads #! K308 `sum(ads.spend)`"), kpi("sum(ads.spend) / leads")),
    "bare word of a column": (kpi("spend / leads #! K308 `sum(ads.spend)`"), kpi("sum(ads.spend) / leads")),
    "measure aggregated": (kpi("sum(leads) #! K309 aggregated already"), kpi("running total(leads)")),
    "nested aggregate": (kpi("average(sum(ads.spend)) #! K309 `sum`"), kpi("average(ads.spend)")),
    "aggregate in filter": (
        kpi("ad_spend where spend > average(ads.spend) #! K310 `average` works on many rows"),
        kpi("ad_spend where spend > abs(revenue)"),
    ),
    "measure in filter": (
        kpi("ad_spend where leads > 5 #! K310 `leads` is a measure"),
        kpi("ad_spend where clicks > 5"),
    ),
    "row function in formula": (
        kpi("lower(ads.campaign) #! K310 one row"),
        kpi('count(ads where lower(campaign) = "a")'),
    ),
    "arguments": (
        kpi("percentile(ads.spend) #! K311 takes 2 arguments, not 1"),
        kpi("percentile(ads.spend, 90)"),
    ),
    "rank": (kpi("percentile(ads.spend, 900) #! K311 from 0 to 100"), kpi("percentile(ads.spend, 90%)")),
    "weight": (
        kpi("weighted average(ads.rate) #! K311 needs a weight"),
        kpi("weighted average(ads.rate by ads.clicks)"),
    ),
    "by": (kpi("sum(ads.spend by ads.clicks) #! K311 takes no `by`"), kpi("sum(ads.spend)")),
    "half a period": (
        kpi("rolling average(leads, 1.5) #! K311 whole number"),
        kpi("rolling average(leads, 3)"),
    ),
    "running total of a ratio": (
        kpi("running total(ad_spend / leads) #! K312 does not add up"),
        kpi("running total(ad_spend * 2)"),
    ),
    "running total of a level": (
        kpi("running total(last(stock.level)) #! K312 a level"),
        kpi("rolling average(last(stock.level), 2)"),
    ),
    "share of a ratio": (
        kpi("share of total(ad_spend / leads) #! K312 "),
        kpi("share of total(last(stock.level))"),
    ),
    "sum of percentages": (kpi("sum(ads.rate) #! K312 do not add up"), kpi("average(ads.rate)")),
    "constant with rows": (
        kpi("leads + (5 lead where pages > 1) #! K313 a constant"),
        kpi("leads + (leads where pages > 1)"),
    ),
    "constant by": (kpi("5 + 5", "by channel #! K313 "), kpi("leads", "by channel")),
    "sum of rates": (kpi("sum(ads.price) #! K314 weighted average"), kpi("average(ads.price)")),
    "too large": (kpi("leads * 1" + "0" * 400 + " #! K315 "), kpi("leads * 10")),
    "division by zero": (kpi("leads / (2 - 2) #! K316 "), kpi("leads / (2 - 1)")),
    "division by zero in a row": (
        kpi("leads where score / 0 > 1 #! K316 "),
        kpi("leads where score / 2 > 1"),
    ),
    "not linked": (
        kpi("sum(ads.spend * crm.score) #! K317 not linked"),
        kpi('sum(orders.amount) where sessions.device = "a"'),
    ),
    "not linked in filter": (
        kpi("leads where ads.clicks > 1 #! K317 crm does not belong to ads"),
        kpi("leads where crm.pages > 1"),
    ),
    "no such period": (
        kpi("leads", "deadline 2026-02-30 #! K318 the days 01 to 28"),
        kpi("leads", "deadline 2026-02-28"),
    ),
    "long period": (
        kpi("leads where days between(called_at, 2026-01) > 3 #! K318 its first day"),
        kpi("leads where days between(called_at, 2026-01-01) > 3"),
    ),
    "constant from data": (
        "let a = count(crm) #! K319 `measure a = ...`\n",
        "measure a = count(crm)\nlet b = 3 * 4 year\n",
    ),
    "source as value": (kpi("crm / 2 #! K320 `count(crm)`"), kpi("count(crm) / 2")),
    "when in a formula": (kpi("when leads > 1 then 1 otherwise 2 #! K320 computed column"), kpi("leads")),
    "table of a test": (
        'test "t" #! K480 expects nothing\n  given ads\n    | day | platform | spend |\n'
        "    | 2026-01-01 | a | much | #! K321 not a number\n"
        "    | 2026-01-01 | a | #! K321 2 cells\n",
        None,
    ),
    "a test that expects data": (
        kpi("leads") + 'test "t"\n  given crm\n    | created_on |\n    | 2026-01-01 |\n'
        "  expect x = leads #! K481 a number\n",
        kpi("leads") + 'test "t"\n  given crm\n    | created_on |\n    | 2026-01-01 |\n  expect x = 1 lead\n',
    ),
    "a diagnostic that there is none of": (
        'test "t"\n  as of 2026-01-01\n  expect diagnostic check-broke #! K482 `check-broken`\n',
        'test "t"\n  as of 2026-01-01\n  expect diagnostic check-broken\n',
    ),
    "option": (
        'source t\n  from "t.csv" decimal "comma" #! K322 one character\n  time d\n',
        'source t\n  from "t.csv" decimal ","\n  time d\n',
    ),
    # -- promises
    "percent target": (
        kpi("ad_spend", "target at least 5% #! K401 the KPI is in EUR"),
        kpi("ad_spend", "target at least 5% of ad_spend"),
    ),
    "target of another thing": (
        kpi("ad_spend", "target at least 5 lead #! K401 "),
        kpi("leads", "target at least 5 leads"),
    ),
    "slice of another unit": (
        kpi("ad_spend", "by channel", "  google at least 5 USD #! K401 in USD"),
        kpi("ad_spend", "by channel", "  google at least 5 EUR"),
    ),
    "baseline of another unit": (
        kpi("ad_spend", "baseline 100 lead #! K401 the baseline", "target increase by 5%"),
        kpi("ad_spend", "baseline 100 EUR", "target increase by 5%"),
    ),
    "points": (
        kpi("ad_spend", "target at least 5 EUR", "tolerance 2 points #! K402 "),
        kpi("average(ads.rate)", "target at least 5%", "tolerance 2 points"),
    ),
    "change by points": (
        kpi("ad_spend", "baseline 2025", "target increase by 2 points #! K402 "),
        kpi("average(ads.rate)", "baseline 2025", "target increase by 2 points"),
    ),
    "reversed": (
        kpi("leads", "target between 9 lead and 5 lead #! K404 "),
        kpi("leads", "target between 5 lead and 9 lead"),
    ),
    "reversed in a row": (
        kpi("leads where pages between 9 and 5 #! K404 "),
        kpi("leads where pages between 5 and 9"),
    ),
    "slice twice": (
        kpi("leads", "by channel", "  a at least 1 lead", "  a at least 2 lead #! K405 first here"),
        kpi("leads", "by channel", "  a at least 1 lead", "  b at least 2 lead"),
    ),
    "increase from nothing": (
        kpi("leads", "target increase by 5% #! K406 baseline"),
        kpi("leads", "baseline 2025", "target increase by 5%"),
    ),
    "useless baseline": (
        kpi("leads", "baseline 2025 #! K407 at least", "target at least 5 lead"),
        kpi("leads", "baseline 2025", "target decrease by 5 lead"),
    ),
    "a baseline that a line could lead from": (
        kpi(
            "leads", "baseline 2025 #! K407 at least", "target at least 5 lead", "deadline 2026", "pace none"
        ),
        kpi("leads", "baseline 2025", "target at least 5 lead", "deadline 2026"),
    ),
    "baseline overlaps": (
        kpi("leads", "baseline 2026-H1 #! K408 2026-06-30", "target increase by 5%", "from 2026-06"),
        kpi("leads", "baseline 2026-H1", "target increase by 5%", "from 2026-07"),
    ),
    "deadline before start": (
        kpi("leads", "from 2026-07", "deadline 2026-06 #! K409 "),
        kpi("leads", "from 2026-07", "deadline 2026-07"),
    ),
    "cumulatively from when": (
        kpi("leads", "measured cumulatively #! K410 "),
        kpi("leads", "measured cumulatively", "from 2026"),
    ),
    "start of a cumulative KPI that cannot be read": (
        kpi("leads", "measured cumulatively", "from 2026-13 #! K318 months 01 to 12"),
        kpi("leads", "measured cumulatively", "from 2026-12"),
    ),
    "pace of a ratio by month": (
        kpi("ad_spend / leads", COSTS, "measured every month", "pace business days #! K412 "),
        kpi("ad_spend", SPENT, "measured every month", "pace business days"),
    ),
    "pace of a ratio": (
        kpi("ad_spend / leads", COSTS, "measured cumulatively", "from 2026", "pace linear #! K412 "),
        kpi("ad_spend", SPENT, "measured cumulatively", "from 2026", "pace linear"),
    ),
    "pace of a month's ratio": (
        kpi("ad_spend / leads", COSTS, "pace business days #! K412 does not add up"),
        kpi("ad_spend / leads", COSTS, "pace none"),
    ),
    "period behind the target": (
        kpi(
            "leads", "target at least 3 leads in 2026-04 #! K445 bare `target`: `at least 3 leads in 2026-04`"
        ),
        kpi("leads", "target\n    at least 3 leads in 2026-04"),
    ),
    "weight of nothing": (
        kpi("leads") + "objective o\n  kpi x weight 0 #! K414 \n",
        kpi("leads") + "objective o\n  kpi x weight 0.5\n",
    ),
    "share to be met": (
        kpi("leads") + "objective o\n  kpi x\n  met when at least 160% are met #! K415 \n",
        kpi("leads") + "objective o\n  kpi x\n  met when at least 60% are met\n",
    ),
    "key and for information": (
        kpi("leads") + "objective o\n  kpi x key for information #! K465 key and for information\n",
        kpi("leads") + "objective o\n  kpi x key\n",
    ),
    "a weight of what never counts": (
        kpi("leads") + "objective o\n  kpi x weight 2 for information #! K465 given a weight\n"
        "  objective p\nobjective p\n  kpi x\n",
        kpi("leads") + "objective o\n  kpi x for information\n  objective p\nobjective p\n  kpi x\n",
    ),
    "all for information": (
        kpi("leads") + "objective o #! K466 no member\n  kpi x for information\n",
        kpi("leads") + "objective o\n  kpi x\n",
    ),
    "an objective in itself": (
        kpi("leads") + "objective o #! K206 a member of itself\n  kpi x\n  objective p\n"
        "objective p #! K206 a member of itself\n  objective o\n",
        kpi("leads") + "objective o\n  kpi x\n  objective p\nobjective p\n  kpi x\n",
    ),
    "an objective that is a KPI": (
        kpi("leads") + "objective o\n  objective x #! K202 not an objective\n",
        kpi("leads") + "objective o\n  kpi x\n",
    ),
    "an objective that is not there": (
        kpi("leads") + "objective o\n  kpi x\n  objective q #! K202 no objective `q`\n",
        kpi("leads") + "objective o\n  kpi x\n",
    ),
    "a slice of a ratio": (
        kpi("ad_spend / leads") + 'scenario "s"\n  set x for google = 5 EUR per lead #! K461 add up\n',
        kpi("ad_spend / leads") + 'scenario "s"\n  set leads for google = 5 lead\n',
    ),
    "a constant from data": (
        kpi("leads") + 'let c = 5 lead\nscenario "s"\n  set c = leads #! K461 is a constant\n',
        kpi("leads") + 'let c = 5 lead\nscenario "s"\n  set c = 2 * 4 lead\n',
    ),
    "expected of nothing": (
        kpi("leads") + 'scenario "s"\n  set leads = 5 lead\n  expect 5 lead #! K462 of which KPI\n',
        kpi("leads") + 'scenario "s"\n  set leads = 5 lead\n  expect x = 5 lead\n',
    ),
    "a goal from data": (
        kpi("leads") + 'scenario "s"\n  solve leads for x = 2 * leads #! K462 a number is needed\n',
        kpi("leads") + 'scenario "s"\n  solve leads for x = 5 lead\n',
    ),
    "assumed twice": (
        kpi("leads") + 'scenario "s"\n  set leads = 5 lead\n  set leads = 6 lead #! K212 assumed twice\n',
        kpi("leads") + 'scenario "s"\n  set leads for google = 5 lead\n  set leads for bing = 6 lead\n',
    ),
    "a scenario that assumes nothing": (
        kpi("leads") + 'scenario "s" #! K213 assumes nothing\n  expect x = 5 lead\n',
        kpi("leads") + 'scenario "s"\n  set leads increase by 10%\n  expect x = 5 lead\n',
    ),
    "assumed in another unit": (
        kpi("leads") + 'scenario "s"\n  set leads increase by 5 EUR #! K401 the value\n',
        kpi("leads") + 'scenario "s"\n  set leads increase by 5 lead\n',
    ),
    "draft in an objective": (
        kpi("leads", "draft") + "objective o\n  kpi x #! K416 \n",
        kpi("leads") + "objective o\n  kpi x\n",
    ),
    "unknown KPI": (
        kpi("leads") + "objective o\n  kpi y #! K202 there is no KPI `y`\n",
        kpi("leads") + "objective o\n  kpi x\n",
    ),
    "measure as KPI": (
        "objective o\n  kpi leads #! K202 is a measure\n",
        kpi("leads") + "objective o\n  kpi x\n",
    ),
    "slices of two dimensions": (
        kpi("leads", "by channel and contact", "  a at least 1 lead #! K418 "),
        kpi("leads", "by channel", "  a at least 1 lead"),
    ),
    "tolerance without target": (
        kpi("leads", "tolerance 5% #! K419 "),
        kpi("leads", "target at least 1 lead", "tolerance 5%"),
    ),
    "pace without target": (
        kpi("ad_spend", "pace linear #! K447 "),
        kpi("ad_spend", SPENT, "pace linear"),
    ),
    "score without a scale": (
        CALLS + kpi("nps(calls.minutes) #! K457 `scale minutes from 0 to 10`"),
        CALLS + "  scale minutes from 0 to 10\n" + kpi("nps(calls.minutes)"),
    ),
    "window": (
        kpi("leads", "measured over the last 1.5 days #! K420 "),
        kpi("leads", "measured over the last 28 days"),
    ),
    "period that is not defined": (
        kpi("leads", "deadline tomorrow #! K202 there is no period `tomorrow`"),
        "period tomorrow from 2026-11-24 to 2026-11-24\n" + kpi("leads", "deadline tomorrow"),
    ),
    "period with a similar name": (
        "period easter from 2026-04-03 to 2026-04-06\n" + kpi("leads", "from eastre #! K202 `easter`"),
        "period easter from 2026-04-03 to 2026-04-06\n" + kpi("leads", "from easter"),
    ),
    "no period": (
        kpi("leads", "deadline leads #! K202 is a measure, not a period"),
        kpi("leads", "deadline 2026"),
    ),
    "period backwards": (
        "period sale from 2026-07-21 to 2026-06-24 #! K430 before it starts\n",
        "period sale from 2026-06-24 to 2026-07-21\n",
    ),
    "periods that overlap": (
        "period sale\n  from 2026-06 to 2026-07\n  from 2026-W31 to 2026-W31 #! K430 2026-07-27 is in both\n",
        "period sale\n  from 2026-06 to 2026-07\n  from 2026-08-01 to 2026-08-02\n",
    ),
    "period without days": (
        'period sale #! K213 has no days\n  description "x"\n',
        "period sale from 2026-06 to 2026-07\n",
    ),
    "period of a named one": (
        "period a from 2026 to 2026\nperiod b from a to 2026 #! K202 a period is not made of named ones\n",
        "period a from 2026 to 2026\nperiod b from 2026 to 2026\n",
    ),
    "period with a name that is taken": (
        "period leads from 2026 to 2026 #! K201 \n",
        "period sales from 2026 to 2026\n",
    ),
    "period with the name of a grain": (
        "period month from 2026 to 2026 #! K201 a word for periods already\n",
        "period months from 2026 to 2026\n",
    ),
    "one of several occurrences": (
        "period sale\n  from 2025-07 to 2025-07\n  from 2026-07 to 2026-07\n"
        + kpi("leads", "deadline sale #! K318 2 periods: sale 2025, sale 2026"),
        "period sale\n  from 2025-07 to 2025-07\n  from 2026-07 to 2026-07\n"
        + kpi("leads where created_on in sale", "deadline sale 2026"),
    ),
    "no such occurrence": (
        "period sale from 2025-07 to 2025-07\n" + kpi("leads", "deadline sale 2026 #! K318 begins in 2026"),
        "period sale from 2025-07 to 2025-07\n" + kpi("leads", "deadline sale 2025"),
    ),
    "period as a number": (
        "period sale from 2025-07 to 2025-07\n" + kpi("leads + sale #! K320 `sale` is a period"),
        "period sale from 2025-07 to 2025-07\n" + kpi("leads"),
    ),
    "period of more than a day in a row": (
        "period sale from 2025-07 to 2025-07\n"
        + kpi("average(days between(ads.day, sale)) #! K318 `sale` is longer than a day"),
        "period sale from 2025-07-01 to 2025-07-01\n" + kpi("average(days between(ads.day, sale))"),
    ),
    "measured every what": (
        kpi("leads", "measured every sale #! K211 `sale` is not a period"),
        "period sale from 2025-07 to 2025-07\n" + kpi("leads", "measured every sale"),
    ),
    "retail month without retail years": (
        kpi("leads", "measured every retail month #! K211 the calendar has none"),
        "calendar\n  retail years 4-5-4\n" + kpi("leads", "measured every retail month"),
    ),
    "retail period without retail years": (
        kpi("leads", "deadline RY2026-P12 #! K318 the calendar has no retail years"),
        "calendar\n  retail years 4-5-4\n" + kpi("leads", "deadline RY2026-P12"),
    ),
    "retail word": (
        "calendar\n  retail years 4-5-4\n"
        + kpi("leads", "measured every retail moth #! K211 `retail month`"),
        "calendar\n  retail years 4-5-4\n" + kpi("leads", "measured every retail half"),
    ),
    "retail pattern": (
        "calendar\n  retail years 4-4-4 #! K211 4-4-5\n",
        "calendar\n  retail years 4-4-5 ending on the last Saturday of January\n",
    ),
    "week 53 of 52": (
        "calendar\n  retail years 4-5-4\n" + kpi("leads", "deadline RY2024-W53 #! K318 has 52 retail weeks"),
        "calendar\n  retail years 4-5-4\n" + kpi("leads", "deadline RY2023-W53"),
    ),
    "unknown country": (
        "calendar\n  holidays Frnace #! K211 similar: France\n",
        "calendar\n  holidays France\n  holidays Germany-BY\n",
    ),
    "unknown region": (
        "calendar\n  holidays Germany-Bayer #! K211 similar: Bayern\n",
        "calendar\n  holidays Germany-Bayern\n",
    ),
    "country twice": (
        "calendar\n  holidays France\n  holidays FR #! K212 \n",
        "calendar\n  holidays France\n  holidays Monaco\n",
    ),
    "day off twice": (
        "calendar\n  holiday 2026-05-15\n  holiday 2026-05-15 #! K212 \n",
        'calendar\n  holiday 2026-05-15 "Bridge"\n  holiday 2026-W53\n',
    ),
    "weekend day twice": (
        "calendar\n  weekend Friday, Friday #! K212 \n",
        "calendar\n  weekend Friday, Saturday\n",
    ),
    "no weekday": ("calendar\n  weekend Fryday #! K211 `Friday`\n", "calendar\n  weekend none\n"),
    "no business day": (
        "calendar\n  weekend Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday #! K431 \n",
        "calendar\n  weekend Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday\n",
    ),
    # -- samples, intervals, scales
    "interval of a median": (
        kpi("median(orders.amount)", "target at least 1 EUR", "confident 95% #! K450 `median` has no"),
        kpi("average(orders.amount)", "target at least 1 EUR", "confident 95%"),
    ),
    "interval of a growth": (
        kpi("growth(leads)", "target at least 1%", "confident 95% #! K450 another period"),
        kpi("leads", "target at least 1 lead", "confident 95%"),
    ),
    "interval of a part": (
        kpi(
            "ad_spend / count distinct(crm.contact)",
            "target at most 9 EUR per contact",
            "confident 95% #! K450 `count distinct` has no",
        ),
        kpi("ad_spend / leads", "target at most 9 EUR per lead", "confident 95%"),
    ),
    "interval of a constant": (
        kpi("3 EUR", "target at least 1 EUR", "confident 95% #! K450 no total"),
        kpi("3 EUR", "target at least 1 EUR"),
    ),
    "sample of something else": (
        kpi(
            "leads / count(sessions)",
            "target at least 1 lead per session",
            "sample at least 100 orders #! K451 this counts session, lead",
        ),
        kpi("leads / count(sessions)", "target at least 1 lead per session", "sample at least 100 sessions"),
    ),
    "sample of nothing said": (
        kpi("leads", "target at least 1 lead", "sample at least 100 #! K451 what is counted"),
        kpi("leads", "target at least 1 lead", "sample at least 100 leads"),
    ),
    "sample of no rows": (
        kpi("leads", "target at least 1 lead", "sample at least 0 leads #! K451 at least one"),
        kpi("median(crm.pages)", "target at least 1 page", "sample at least 30 leads"),
    ),
    "level above all": (
        kpi("leads", "target at least 1 lead", "confident 100% #! K452 95%"),
        kpi("leads", "target at least 1 lead", "confident 99.9%"),
    ),
    "level without a unit": (
        kpi("leads", "target at least 1 lead", "confident 95 #! K452 95%"),
        kpi("leads", "target at least 1 lead", "confident 50%"),
    ),
    "sure of nothing": (
        kpi("leads", "confident 95% #! K453 "),
        kpi("leads", "by channel\n    google at least 3 leads", "confident 95%"),
    ),
    "sure of nothing, and a sample of it": (
        kpi("leads", "confident 95% #! K453 `confident` and `sample` change no", "sample at least 9 leads"),
        kpi("leads", "target at least 3 leads", "confident 95%", "sample at least 9 leads"),
    ),
    "sample of nothing promised": (
        kpi("leads", "sample at least 9 leads #! K453 "),
        kpi("leads", "target at least 3 leads", "sample at least 9 leads"),
    ),
    "forecast without an end": (
        kpi("leads", "target at least 3 leads", "projection forecast #! K455 deadline"),
        kpi("leads", "target at least 3 leads", "deadline 2026-12", "projection forecast"),
    ),
    "forecast of what does not add up": (
        kpi(
            "ad_spend / leads",
            "target at most 9 EUR per lead",
            "measured cumulatively",
            "from 2026-01",
            "deadline 2026-12",
            "projection forecast #! K456 do not add up",
        ),
        kpi("ad_spend / leads", "target at most 9 EUR per lead", "deadline 2026-12", "projection forecast"),
    ),
    "level of a forecast": (
        kpi(
            "leads", "target at least 3 leads", "deadline 2026-12", "projection forecast at 100% #! K452 80%"
        ),
        kpi("leads", "target at least 3 leads", "deadline 2026-12", "projection forecast at 95%"),
    ),
    "scale upside down": (
        CALLS.replace("grade %", "grade number") + "  scale grade from 10 to 0 #! K454 nothing is from\n",
        CALLS.replace("grade %", "grade number") + "  scale grade from -10 to 0\n",
    ),
    "scale of a text": (
        CALLS + "  scale word from 0 to 10 #! K454 plain numbers\n",
        CALLS + "  scale minutes from 0 to 10\n",
    ),
    "scale of a percentage": (
        CALLS + "  scale grade from 0 to 10 #! K454 plain numbers\n",
        CALLS + "  check grade < 100%\n",
    ),
    "scale of nothing": (
        CALLS + "  scale minute from 0 to 10 #! K203 minutes\n",
        CALLS + "  scale minutes from 0 to 10.5\n",
    ),
    "scale twice": (
        CALLS + "  scale minutes from 0 to 10\n  scale minutes from 0 to 9 #! K212 two scales\n",
        CALLS.replace("grade %", "grade number")
        + "  scale minutes from 0 to 10\n  scale grade from 0 to 9\n",
    ),
    "nps of another scale": (
        CALLS + "  scale minutes from 1 to 5\n" + kpi("nps(calls.minutes) #! K454 from 0 to 10"),
        CALLS + "  scale minutes from 0 to 10\n" + kpi("nps(calls.minutes)"),
    ),
    "csat of another scale": (
        CALLS + "  scale minutes from 1 to 7\n" + kpi("csat(calls.minutes) #! K454 csat(survey"),
        CALLS + "  scale minutes from 1 to 7\n" + kpi("csat(calls.minutes, 6)"),
    ),
    "csat off its scale": (
        CALLS + "  scale minutes from 1 to 5\n" + kpi("csat(calls.minutes, 7) #! K454 no answer on a scale"),
        CALLS + "  scale minutes from 1 to 5\n" + kpi("csat(calls.minutes, 5)"),
    ),
    "csat of every answer": (
        CALLS + "  scale minutes from 1 to 5\n" + kpi("csat(calls.minutes, 1) #! K454 each answer"),
        CALLS + "  scale minutes from 1 to 5\n" + kpi("csat(calls.minutes, 2)"),
    ),
    "weight of a text": (
        SCORED + kpi("nps(calls.minutes by calls.word) #! K305 "),
        SCORED + kpi("nps(calls.minutes by calls.minutes)"),
    ),
    "no change": (
        kpi("leads", "baseline 2025", "target increase by -5% #! K421 "),
        kpi("leads", "baseline 2025", "target increase by 5%"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_mistake_is_told_where_it_is(name: str) -> None:
    check_marks(CASES[name][0])


@pytest.mark.parametrize("name", [name for name, (_, near) in CASES.items() if near])
def test_the_near_miss_is_sound(name: str) -> None:
    made = build(CASES[name][1])
    assert not list(made.report), [(d.code, d.message) for d in made.report]


def test_the_shared_sources_are_sound() -> None:
    assert not list(build("", SOURCES).report)


@pytest.mark.parametrize("code", [c for c in CATALOGUE if c[1] in "234"])
def test_every_code_is_shown(code: str) -> None:
    shown = "".join(text for text, _ in CASES.values())
    elsewhere = {
        "K208": "test_resolve", "K209": "test_resolve", "K215": "test_broken", "K403": "test_promises",
        "K411": "test_promises", "K323": "test_broken", "K324": "test_broken", "K220": "test_grouped",
        "K440": "test_attain", "K441": "test_lint_data", "K442": "test_lint_data", "K443": "test_lint_data",
        "K445": "test_targets", "K446": "test_targets",
    }  # fmt: skip
    assert f"#! {code}" in shown or code in elsewhere

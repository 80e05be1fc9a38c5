"""Sources: what they could promise of themselves, and what is read of them without a promise."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from kpidsl.diagnostics import Label, Span
from kpidsl.graph import Every
from kpidsl.lint.parts import ungrouped
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.view import View, most
from kpidsl.model.sources import Files, Grouped, SourceSpec
from kpidsl.syntax import nodes

_DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "half": 184, "year": 366}
"""The longest that a period lasts."""


def _head(view: View) -> dict[str, Span]:
    return {one.name.text: one.name.span for one in view.of(nodes.SourceDef)}


def _own(view: View) -> list[SourceSpec]:
    """The sources that have rows of their own, and are read by something."""
    return [
        spec
        for spec in view.graph.sources.values()
        if not isinstance(spec.origin, Grouped) and spec.name in view.read_sources
    ]


def _without_key(view: View) -> Iterable[Found]:
    own, places = _own(view), _head(view)
    if most(sum(bool(spec.key) for spec in own), len(own)):
        for spec in own:
            if not spec.key:
                yield Found(
                    places[spec.name],
                    f"{spec.name} has no key: rows that are delivered twice are counted twice",
                    help="`key COLUMN, COLUMN` names what no two rows share",
                )


def _without_fresh(view: View) -> Iterable[Found]:
    own, places = _own(view), _head(view)
    if most(sum(spec.fresh_days is not None for spec in own), len(own)):
        for spec in own:
            if spec.fresh_days is None and spec.time is not None:
                yield Found(
                    places[spec.name],
                    f"{spec.name} does not say how new its rows have to be",
                    help="`fresh within 2 days` makes verdicts on old rows grey",
                )


def _unkeyed_links(view: View) -> Iterable[Found]:
    for spec in view.graph.sources.values():
        for link in spec.links:
            target = view.graph.sources.get(link.target)
            if target is not None and not isinstance(target.origin, Grouped) and target.key != (link.far,):
                yield Found(
                    link.span,
                    f"{link.target} does not promise that `{link.far}` is there once",
                    (Label(target.span, f"`key {link.far}` is not said here"),),
                    help=f"`key {link.far}` under it has the promise checked when the data is read",
                )


def _checks_twice(view: View) -> Iterable[Found]:
    for definition in view.of(nodes.SourceDef):
        seen: list[nodes.Check] = []
        for clause in definition.clauses:
            if not isinstance(clause, nodes.Check):
                continue
            same = ungrouped(clause.condition)
            other = next((one for one in seen if ungrouped(one.condition) == same), None)
            if other is not None:
                yield Found(clause.span, "the check is there twice", (Label(other.span, "first here"),))
            seen.append(clause)


def _too_slow(view: View) -> Iterable[Found]:
    for one in view.active:
        measured = one.kpi.promise.measured
        days = _DAYS.get(measured.grain) if isinstance(measured, Every) else None
        if days is None:
            continue
        for name in one.reads:
            spec = view.graph.sources.get(name)
            if spec is None or spec.fresh_days is None:
                continue
            apart = _DAYS[spec.complete] if spec.complete else 0  # how old the newest row is at its best
            if spec.fresh_days > days + apart:
                yield Found(
                    one.at(nodes.Measured),
                    f"the rows of {name} may be {spec.fresh_days} days old, longer than a period lasts",
                    (Label(spec.span, f"fresh within {spec.fresh_days} days"),),
                    help="a longer period, or rows that come more often",
                    kpi=one.name,
                )
                break


def _same_rows(view: View) -> Iterable[Found]:
    first: dict[object, SourceSpec] = {}
    places = _head(view)
    for spec in view.graph.sources.values():
        if isinstance(spec.origin, Grouped):
            continue
        origin = (
            (_file(spec.origin), spec.origin.sheet, spec.origin.table)
            if isinstance(spec.origin, Files)
            else spec.origin
        )
        other = first.setdefault(origin, spec)
        if other is not spec:
            yield Found(
                places[spec.name],
                f"{spec.name} and {other.name} read the same rows",
                (Label(places[other.name], "this one, too"),),
                help="one source can say all of it; a file that is renamed is renamed in one place then",
            )


def _file(origin: Files) -> str:
    """What files are meant, however the way to them is written."""
    return os.path.normpath(os.path.join(origin.folder, origin.pattern))


def _takes_all(view: View) -> Iterator[Found]:
    for definition in view.of(nodes.SourceDef):
        for clause in definition.clauses:
            if isinstance(clause, nodes.FromFiles) and clause.pattern.text.strip().startswith("*"):
                yield Found(
                    clause.pattern.span,
                    "the pattern takes in every file of the folder that has the suffix",
                    help="a folder of its own, or a beginning of the name, keeps other files out",
                )


def _lacking(clause: str) -> tuple[str, str]:
    """The bad and the good example of a clause that nearly all have: five sources, the last without it."""

    def source(n: int, *more: str) -> str:
        lines = [
            f"source s{n}",
            f'from        "data/s{n}.csv"',
            "row         thing",
            "time        day",
            *more,
        ]
        return "\n  ".join(lines) + "\n"

    used = "measure all_things = " + " + ".join(f"count(s{n})" for n in range(1, 6))
    having = [source(n, clause) for n in range(1, 5)]
    return "\n".join([*having, source(5), used]), "\n".join([*having, source(5, clause), used])


RULES = (
    Rule(
        "K861",
        "source-without-key",
        "sources",
        INFO,
        "A source does not say what no two of its rows share, and nearly all others do.",
        """Exports are delivered twice, and files are copied. A key has every repeated row told; without
        one the number is simply twice as high. Told where four of five sources have a key.""",
        *_lacking("key         id"),
        _without_key,
    ),
    Rule(
        "K862",
        "source-without-freshness",
        "sources",
        INFO,
        "A source does not say how new its rows have to be, and nearly all others do.",
        """An export that stopped last month still gives numbers, and they look like a bad month. With
        `fresh` the verdict is grey and says since when. Told where four of five sources promise it.""",
        *_lacking("fresh       within 2 days"),
        _without_fresh,
    ),
    Rule(
        "K864",
        "link-to-no-key",
        "sources",
        WARNING,
        "A source belongs to another one by a column that is no key there.",
        """A link is from many rows to one. Where the far column repeats, rows would be multiplied, and
        the evaluation refuses it (K522). A key on the far side has that checked, and told with the rows
        that repeat.""",
        """
        source shop
          from        "data/shop.csv"
          time        day
          belongs to  visits by visit_id
          column      amount EUR

        source visits
          from        "data/visits.csv"
          time        day
          column      country text
        """,
        """
        source shop
          from        "data/shop.csv"
          time        day
          belongs to  visits by visit_id
          column      amount EUR

        source visits
          from        "data/visits.csv"
          time        day
          column      country text
          key         visit_id
        """,
        _unkeyed_links,
    ),
    Rule(
        "K865",
        "check-twice",
        "sources",
        WARNING,
        "A source has the same check twice.",
        """The second one finds what the first one found. It was likely copied to be changed, and what
        it should check is not checked.""",
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR
          column      cost EUR
          check       amount >= 0
          check       amount >= 0
        """,
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR
          column      cost EUR
          check       amount >= 0
          check       cost >= 0
        """,
        _checks_twice,
    ),
    Rule(
        "K866",
        "staler-than-a-period",
        "sources",
        WARNING,
        "A source may be older than the periods that are judged by it.",
        """A source that is fresh within ten days keeps its promise without a single row of this week.
        What is measured every week is then judged on nothing, and nobody is told.""",
        """
        source social
          from        "data/social.csv"
          time        day
          column      reach person
          fresh       within 10 days

        kpi seen "Reach"
          formula     sum(social.reach)
          target      at least 100 persons
          measured    every week
        """,
        """
        source social
          from        "data/social.csv"
          time        day
          column      reach person
          fresh       within 10 days

        kpi seen "Reach"
          formula     sum(social.reach)
          target      at least 100 persons
          measured    every month
        """,
        _too_slow,
    ),
    Rule(
        "K867",
        "rows-of-two-sources",
        "sources",
        INFO,
        "Two sources read the same rows.",
        """Two descriptions of one file drift apart: one learns a new column or another decimal sign,
        and the other does not. Numbers of the two then differ for no reason that anybody can see.""",
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR

        source costs
          from        "data/shop.csv"
          time        day
          column      cost EUR
        """,
        """
        source shop
          from        "data/shop.csv"
          time        day
          column      amount EUR
          column      cost EUR
        """,
        _same_rows,
    ),
    Rule(
        "K868",
        "pattern-takes-all",
        "sources",
        INFO,
        "A pattern of files begins with `*`.",
        """`*.csv` takes in each file of the folder, also the export of something else that a colleague
        puts there next year. Its columns do not fit, or, worse, do.""",
        """
        source shop
          from        "*.csv"
          time        day
          column      amount EUR
        """,
        """
        source shop
          from        "shop/*.csv"
          time        day
          column      amount EUR
        """,
        _takes_all,
    ),
)

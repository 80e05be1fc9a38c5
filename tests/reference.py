"""What a graph means, in plain Python, one value at a time: the yardstick for the engine.

Rows are dicts of date, datetime, str, float, bool and None. It shares no code with `kpidsl.evaluate` but the
definitions of nodes and windows, and it is slow on purpose.
"""

from __future__ import annotations

import math
import statistics
from datetime import date, datetime, timedelta

from attrs import evolve

from kpidsl.graph import Aggregate, Combine, Constant, Default, Graph, Rolling, Running, Share, Shift
from kpidsl.model.periods import Window, same_last_year
from kpidsl.model.rows import Apply, ColumnRef, Gather, Literal, keys_of
from kpidsl.model.sources import Grouped
from kpidsl.model.units import ONE
from kpidsl.results import Ask

IDENTITIES = ("new", "returning", "retained", "churned", "retention")
ACCOUNTS = ("closing", "opening", "average closing")
MEMBERS = "the rows that make this one"


class Reference:
    def __init__(self, graph: Graph, data: dict[str, list[dict[str, object]]], as_of: date) -> None:
        self.graph, self.data, self.as_of = graph, dict(data), as_of
        for name, spec in graph.sources.items():
            if isinstance(spec.origin, Grouped):
                self.made(name, spec)

    # -- grouped sources --

    def made(self, name, spec):
        """Put the rows of a grouped source among the data, those of its parent before."""
        if name in self.data:
            return
        parent = self.graph.sources[spec.origin.source]
        if isinstance(parent.origin, Grouped):
            self.made(parent.name, parent)
        groups = {}
        for row in self.data[parent.name]:
            day = self.day(parent.name, row) if parent.time else self.as_of
            key = tuple(self.cell(ref, parent.name, row) for _, ref in spec.origin.keys)
            if None not in key and day is not None and day <= self.as_of:
                groups.setdefault(key, []).append(row)
        rows = [
            (dict(zip([word for word, _ in spec.origin.keys], key, strict=True)), rows)
            for key, rows in groups.items()
        ]
        self.data[name] = []
        for row, members in rows:
            row[MEMBERS] = members
            row |= {c.name: self.eval(c.value, name, row) for c in spec.columns if c.value and spec.stored(c)}
            self.data[name].append(row)

    def gather(self, one, members):
        kept = [r for r in members if one.filter is None or self.eval(one.filter, one.source, r) is True]
        if one.function in ("first", "last"):
            time = self.graph.sources[one.source].time
            there = [
                (r[time], x) for r in kept if (x := self.finite(one.argument, one.source, r)) is not None
            ]
            edge = (min if one.function == "first" else max)((t for t, _ in there), default=None)
            return min((x for t, x in there if t == edge), default=None)
        node = Aggregate(one.function, one.source, one.argument, ONE, "none", None, one.weight, one.parameter)
        value = self.folded(node, kept)
        return tidy(value) if isinstance(value, float) else value

    # -- rows --

    def day(self, source, row):
        moment = row[self.graph.sources[source].time]
        return moment.date() if isinstance(moment, datetime) else moment

    def rows(self, source, window):
        found = []
        for row in self.data[source]:
            day = self.day(source, row)
            if day is not None and day <= self.as_of and window.start <= day <= window.end:
                found.append(row)
        return found

    def cell(self, ref, source, row):
        for target in ref.via:
            link = next(one for one in self.graph.sources[source].links if one.target == target)
            matches = [
                r
                for r in self.data[target]
                if row is not None and r[link.far] == row[link.column] is not None
            ]
            row, source = (matches[0] if matches else None), target
        if row is None:
            return None
        declared = self.graph.sources[source].column(ref.name)
        if declared and declared.value and ref.name not in row:
            found = self.eval(declared.value, source, row)
            return found if not isinstance(found, float) or math.isfinite(found) else None
        return row[ref.name]

    def eval(self, expression, source, row):
        match expression:
            case Literal(value=value):
                return value
            case ColumnRef():
                return self.cell(expression, source, row)
            case Gather():
                return self.gather(expression, row[MEMBERS])
            case Apply(op="when", args=args):
                for n in range(0, len(args) - 1, 2):
                    if self.eval(args[n], source, row) is True:
                        return self.eval(args[n + 1], source, row)
                return self.eval(args[-1], source, row)
            case Apply(op="on scale", args=(of, low, high)):
                found = self.eval(of, source, row)
                return found if apply("between", [found, low.value, high.value]) is True else None
            case Apply(op=op, args=args):
                return apply(op, [self.eval(arg, source, row) for arg in args])

    # -- values --

    def keys(self, ask):
        """The slices of an ask: those with rows in any window that it looks at."""
        if not ask.dimensions:
            return [()]
        found = set()
        for source, window in self.touched(ask.node, ask.windows, ask):
            columns = [dict(d.columns).get(source) for d in ask.dimensions]
            if None not in columns:
                rows = self.rows(source, window) if isinstance(window, Window) else self.held(*window)
                found |= {tuple(text(self.cell(c, source, r)) for c in columns) for r in rows}
        for node, window in self.followed(ask.node, ask.windows, ask):
            columns = [dict(d.columns).get(node.source) for d in ask.dimensions]
            if None not in columns:
                every = {self.slice(r, node.source, columns) for r in self.history(node.source)}
                found |= {key for key in every if self.aggregate(node, key, window, ask)}
        return [(), *sorted(found, key=lambda key: [(v is None, v or "") for v in key])]

    def followed(self, node, windows, ask):
        """What puts identities of other windows into slices, and the windows it is needed in."""
        inner = self.touched_nodes(node, windows, ask)
        return [(n, w) for n, w in inner if n.function in (*IDENTITIES, "first touch", "last touch")]

    def touched_nodes(self, node, windows, ask):
        match node:
            case Aggregate():
                return {(node, w) for w in windows}
            case Combine(args=args):
                return set().union(*(self.touched_nodes(arg, windows, ask) for arg in args))
            case Constant():
                return set()
            case Shift(node=inner):
                return self.touched_nodes(inner, [self.moved(node, w) for w in windows], ask)
            case Running(node=inner):
                start = self.start(inner, ask)
                return self.touched_nodes(inner, [Window(start or w.start, w.end) for w in windows
                                                  if start is None or start <= w.end], ask)  # fmt: skip
            case Rolling(node=inner, count=count):
                return self.touched_nodes(inner, [w.shift(-n) for w in windows for n in range(count)], ask)
            case Share(node=inner) | Default(node=inner):
                return self.touched_nodes(inner, windows, ask)

    def touched(self, node, windows, ask):
        match node:
            case Aggregate(source=source, function=function):
                found = {(source, w) for w in windows}
                return found | {(source, (node, w)) for w in windows if function in ACCOUNTS}
            case Constant():
                return set()
            case Combine(args=args):
                return set().union(*(self.touched(arg, windows, ask) for arg in args))
            case Shift(node=inner):
                return self.touched(inner, [self.moved(node, w) for w in windows], ask)
            case Running(node=inner):
                start = self.start(inner, ask)
                return self.touched(inner, [Window(start or w.start, w.end) for w in windows
                                            if start is None or start <= w.end], ask)  # fmt: skip
            case Rolling(node=inner, count=count):
                return self.touched(inner, [w.shift(-n) for w in windows for n in range(count)], ask)
            case Share(node=inner) | Default(node=inner):
                return self.touched(inner, windows, ask)

    @staticmethod
    def moved(node, window):
        if node.by == "period":
            return window.shift(-node.count)
        for _ in range(node.count):
            window = same_last_year(window)
        return window

    def start(self, node, ask):
        if ask.start:
            return ask.start
        sources = {source for source, _ in self.touched(node, ask.windows, ask)}
        days = [self.day(s, r) for s in sources for r in self.data[s]]
        return min((d for d in days if d is not None and d <= self.as_of), default=None)

    def answer(self, ask: Ask, key, window):
        return tidy(self.value(ask.node, key, window, ask))

    def value(self, node, key, window, ask):
        found = self.exact_value(node, key, window, ask)
        return found if found is not None and math.isfinite(found) else None

    def exact_value(self, node, key, window, ask):
        match node:
            case Constant(value=value):
                return value
            case Aggregate():
                return tidy(self.aggregate(node, key, window, ask))
            case Default(node=inner, value=value):
                found = self.value(inner, key, window, ask)
                return value if found is None else found
            case Shift(node=inner):
                return self.value(inner, key, self.moved(node, window), ask)
            case Running(node=inner):
                start = self.start(inner, ask)
                if start and start > window.end:
                    return None
                return self.value(inner, key, Window(start, window.end) if start else window, ask)
            case Rolling(node=inner, count=count):
                found = [self.value(inner, key, window.shift(-n), ask) for n in range(count)]
                return None if None in found else sum(found) / count
            case Share(node=inner):
                return divided(self.value(inner, key, window, ask), self.value(inner, (), window, ask))
            case Combine(op=op, args=args):
                found = [self.value(arg, key, window, ask) for arg in args]
                return None if None in found else combined(op, found)

    # -- identities --

    def history(self, source):
        """All rows up to as-of."""
        return self.rows(source, Window(date.min, date.max))

    def slice(self, row, source, columns):
        return tuple(text(self.cell(c, source, row)) for c in columns)

    def kept(self, source, identity, filter_, rows):
        """Identity and row, of the rows that pass a filter and have an identity."""
        found = [(self.finite(identity, source, r), r) for r in rows]
        return [
            (x, r)
            for x, r in found
            if x is not None and (filter_ is None or self.eval(filter_, source, r) is True)
        ]

    def identities(self, node, key, window, ask):
        columns = [dict(d.columns).get(node.source) for d in ask.dimensions] if key else []
        if None in columns:
            return None
        source, time = node.source, self.graph.sources[node.source].time
        before = window.shift(-int(node.parameter or 1))
        if not self.rows(source, window):
            return None
        if node.function in ("retained", "churned") and not self.rows(source, before):
            return None

        def place(row):
            return [(part is None, part or "") for part in self.slice(row, source, columns)]

        first = {}
        for x, r in self.kept(source, node.argument, node.filter, self.history(source)):
            if x not in first or (r[time], place(r)) < (first[x][time], place(first[x])):
                first[x] = r

        def here(row):
            return self.slice(row, source, columns) == (key or ())

        def seen(span, *, anywhere=False):
            rows = self.kept(source, node.argument, node.filter, self.rows(source, span))
            return {x for x, r in rows if anywhere or here(r)}

        def new(span, *, anywhere=False):
            inside = {x for x, r in first.items() if span.start <= self.day(source, r) <= span.end}
            return {x for x in inside if anywhere or here(first[x])}

        match node.function:
            case "new":
                return float(len(new(window)))
            case "returning":
                return float(len(seen(window) - new(window, anywhere=True)))
            case "retained":
                return float(len(seen(window) & seen(before, anywhere=True)))
            case "churned":
                return float(len(seen(before) - seen(window, anywhere=True)))
            case "retention":
                cohort = new(before)
                return len(cohort & seen(window, anywhere=True)) / len(cohort) if cohort else None

    # -- paths --

    def at(self, node, source, row):
        """When a row was, as a path takes it: days, where a source of the path has no more."""
        times = [row_[self.graph.sources[s].time] for s in self.of_path(node) for row_ in self.data[s][:]]
        days = any(type(t) is date for t in times if t is not None)
        return self.day(source, row) if days else row[self.graph.sources[source].time]

    @staticmethod
    def of_path(node):
        return [node.source, *(step.source for step in node.then)]

    def path(self, node, key, window, ask):
        columns = [dict(d.columns).get(node.source) for d in ask.dimensions] if key else []
        if None in columns:
            return None
        days = timedelta(node.parameter)
        wide = Window(window.start, window.end + days)
        if node.function in ("first touch", "last touch"):
            return self.touch(node, key, columns, window, days)
        if not self.rows(node.source, window) or not all(self.rows(s.source, wide) for s in node.then):
            return None
        starts = self.kept(node.source, node.argument, node.filter, self.rows(node.source, window))
        starts = [(x, r) for x, r in starts if self.slice(r, node.source, columns) == (key or ())]
        began, arrived = {x for x, _ in starts}, set()
        for x, r in starts:
            ways = [self.at(node, node.source, r)]
            for step in node.then:
                rows = self.kept(step.source, step.identity, step.filter, self.history(step.source))
                moments = [self.at(node, step.source, s) for y, s in rows if y == x]
                ways = [m for m in moments if any(m >= way for way in ways)]
            if any(as_day(way) <= self.day(node.source, r) + days for way in ways):
                arrived.add(x)
        if node.function == "converted":
            return float(len(arrived))
        return len(arrived) / len(began) if began else None

    def touch(self, node, key, columns, window, days):
        (step,) = node.then
        if not self.rows(node.source, Window(window.start - days, window.end)):
            return None
        if not self.rows(step.source, window):
            return None
        total = []
        touches = self.kept(node.source, node.argument, node.filter, self.history(node.source))
        for x, r in self.kept(step.source, step.identity, step.filter, self.rows(step.source, window)):
            end, day = self.at(node, step.source, r), self.day(step.source, r)
            able = [
                (self.at(node, node.source, t), self.slice(t, node.source, columns))
                for y, t in touches
                if y == x and self.at(node, node.source, t) <= end and self.day(node.source, t) >= day - days
            ]
            if able:
                edge = (min if node.function == "first touch" else max)(moment for moment, _ in able)
                ties = [slice_ for moment, slice_ in able if moment == edge]
                chosen = min(ties, key=lambda parts: [(p is None, p or "") for p in parts])
                if chosen == (key or ()):
                    total.append(1.0 if step.value is None else self.finite(step.value, step.source, r))
        return math.fsum(x for x in total if x is not None)

    # -- levels --

    def level_days(self, node, window):
        """The days at whose end the level of accounts is asked for."""
        known = [d for r in self.data[node.source] if (d := self.day(node.source, r)) and d <= self.as_of]
        match node.function:
            case "closing":
                days = [window.end]
            case "opening":
                days = [window.start - timedelta(days=1)]
            case _:
                days = [d for d in days_of(window) if d <= max(known, default=date.min)]
        return [d for d in days if d >= min(known, default=date.max)]

    def last_rows(self, node, day):
        """The last rows of every account up to a day that have a value, if they pass the filter."""
        time, accounts = self.graph.sources[node.source].time, {}
        for row in self.data[node.source]:
            account = tuple(self.eval(key, node.source, row) for key in keys_of(node.weight))
            there = self.finite(node.argument, node.source, row) is not None and None not in account
            seen = self.day(node.source, row)
            if there and seen is not None and seen <= min(day, self.as_of):
                accounts.setdefault(account, []).append(row)
        last = []
        for rows in accounts.values():
            moment = max(row[time] for row in rows)
            last += [row for row in rows if row[time] == moment]
        return [r for r in last if node.filter is None or self.eval(node.filter, node.source, r) is True]

    def held(self, node, window):
        return [row for day in self.level_days(node, window) for row in self.last_rows(node, day)]

    def level(self, node, key, window, ask):
        days = self.level_days(node, window)
        columns = [dict(d.columns).get(node.source) for d in ask.dimensions] if key else []
        if not days or None in columns:
            return None
        rows = [r for r in self.held(node, window)
                if not key or tuple(text(self.cell(c, node.source, r)) for c in columns) == key]  # fmt: skip
        return math.fsum(self.finite(node.argument, node.source, r) for r in rows) / len(days)

    def mean_of_last(self, node, key, window, ask):
        last = evolve(node, function="last")
        found = [self.aggregate(last, key, Window(day, day), ask) for day in days_of(window)]
        found = [x for x in found if x is not None]
        return math.fsum(found) / len(found) if found else None

    # -- rows of a window --

    def aggregate(self, node, key, window, ask):
        if node.function in IDENTITIES:
            return self.identities(node, key, window, ask)
        if node.then:
            return self.path(node, key, window, ask)
        if node.function in ACCOUNTS:
            return self.level(node, key, window, ask)
        if node.function == "average last":
            return self.mean_of_last(node, key, window, ask)
        everything = self.rows(node.source, window)
        if not everything:
            return None
        if key:
            columns = [dict(d.columns).get(node.source) for d in ask.dimensions]
            if None in columns:
                return None
            everything = [
                r for r in everything if tuple(text(self.cell(c, node.source, r)) for c in columns) == key
            ]
        kept = [
            r for r in everything if node.filter is None or self.eval(node.filter, node.source, r) is True
        ]
        return self.folded(node, kept)

    def folded(self, node, kept):
        """An aggregation of rows that have passed the filter."""
        if node.argument is None:
            return float(len(kept))
        pairs = [(self.finite(node.argument, node.source, r), r) for r in kept]
        there = [(x, r) for x, r in pairs if x is not None]
        xs = [x for x, _ in there]
        match node.function:
            case "sum":
                return math.fsum(xs)
            case "count":
                return float(len(xs))
            case "count distinct":
                return float(len(set(xs)))
            case "share":
                return divided(float(sum(x is True for x, _ in pairs)), float(len(kept)))
            case "first" | "last":
                time = self.graph.sources[node.source].time
                moment = (min if node.function == "first" else max)((r[time] for _, r in there), default=None)
                return math.fsum(x for x, r in there if r[time] == moment) if there else None
            case "weighted average":
                weighted = [(x, self.finite(node.weight, node.source, r)) for x, r in there]
                weighted = [(x, w) for x, w in weighted if w is not None]
                return divided(math.fsum(x * w for x, w in weighted), math.fsum(w for _, w in weighted))
        if not xs:
            return None
        match node.function:
            case "average":
                return math.fsum(xs) / len(xs)
            case "min":
                return min(xs)
            case "max":
                return max(xs)
            case "median":
                return statistics.median(xs)
            case "standard deviation":
                return statistics.stdev(xs) if len(xs) > 1 else None
            case "percentile":
                xs.sort()
                at = (len(xs) - 1) * node.parameter / 100
                low = math.floor(at)
                high = min(low + 1, len(xs) - 1)
                return xs[low] + (xs[high] - xs[low]) * (at - low)

    def finite(self, expression, source, row):
        found = self.eval(expression, source, row)
        return None if isinstance(found, float) and not math.isfinite(found) else found

    def count(self, ask, key, window):
        """Rows that went in, for a node that is one aggregate."""
        node = ask.node
        columns = [dict(d.columns)[node.source] for d in ask.dimensions] if key else []
        return sum(
            tuple(text(self.cell(c, node.source, r)) for c in columns) == key
            and (node.filter is None or self.eval(node.filter, node.source, r) is True)
            for r in self.rows(node.source, window)
        )


def as_day(moment):
    return moment.date() if isinstance(moment, datetime) else moment


def days_of(window):
    return [window.start + timedelta(days=n) for n in range((window.end - window.start).days + 1)]


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(value)
    return None if value is None else str(value)


def tidy(value):
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.12g}") + 0.0


def divided(a, b):
    return None if a is None or b is None or b == 0 else a / b


def combined(op, found):
    first, *others = found
    match op:
        case "neg":
            return -first
        case "abs":
            return abs(first)
        case "round":
            scale = 10.0 ** (others[0] if others else 0)
            return math.copysign(math.floor(tidy(abs(first) * scale) + 0.5) / scale, first)
    for other in others:
        first = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": divided}[op](
            first, other)  # fmt: skip
        if first is None:
            return None
    return first


def apply(op, args):
    """Operators on one row, with SQL's three values."""
    if op == "missing":
        return args[0] is None
    if op == "and":
        return False if False in args else None if None in args else True
    if op == "or":
        return True if True in args else None if None in args else False
    if op == "in":
        return (
            None if args[0] is None else True if args[0] in args[1:] else None if None in args[1:] else False
        )
    if op == "between":
        return apply("and", [apply(">=", args[:2]), apply("<=", [args[0], args[2]])])
    if None in args:
        return None
    if op in ("=", "!=", "<", "<=", ">", ">=") and {type(a) for a in args} == {date, datetime}:
        args = [a.date() if isinstance(a, datetime) else a for a in args]
    a, b = args[0], args[-1]
    match op:
        case "=":
            return a == b
        case "!=":
            return a != b
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
        case ">=":
            return a >= b
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return divided(a, b)
        case "neg":
            return -a
        case "not":
            return not a
        case "abs":
            return abs(a)
        case "round":
            scale = 10.0 ** (b if len(args) > 1 else 0)
            whole = math.floor(abs(a) * scale)
            return math.copysign((whole + (abs(a) * scale - whole >= 0.5)) / scale, a)
        case "lower":
            return a.lower()
        case "upper":
            return a.upper()
        case "trim":
            return a.strip(" ")
        case "length":
            return float(len(a))
        case "contains":
            return b in a
        case "starts with":
            return a.startswith(b)
        case "ends with":
            return a.endswith(b)
        case "year":
            return float(a.year)
        case "month":
            return float(a.month)
        case "day of month":
            return float(a.day)
        case "weekday":
            return float(a.isoweekday())
        case "hour":
            return float(a.hour)
        case "days between":
            a, b = (d.date() if isinstance(d, datetime) else d for d in (a, b))
            return float((b - a).days)
    raise AssertionError(op)

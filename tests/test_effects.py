"""Changes split without a rest: known examples worked by hand, and random formulas and slices."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kpidsl.effects import (
    Part,
    expanded,
    factors,
    leaves,
    log_mean,
    quotient,
    rate_and_mix,
    shapley,
    split_change,
)
from kpidsl.graph import Aggregate, Combine, Constant, Default
from kpidsl.model.rows import ColumnRef
from kpidsl.model.types import NUMBER
from kpidsl.model.units import ONE


def leaf(name: str, function: str = "sum") -> Aggregate:
    return Aggregate(function, "t", ColumnRef("t", name, NUMBER), ONE, "additive")


def of(op: str, *args):
    return Combine(op, args, ONE, "none")


A, B, C, D = (leaf(name) for name in "abcd")


def effects(part: Part) -> dict[str, float]:
    """Effects of the parts that are not split further, by column."""
    found: dict[str, float] = {}
    for each, _ in part.walk():
        if not each.parts:
            name = "rounding" if each.method == "rounding" else each.node.argument.name
            found[name] = found.get(name, 0.0) + each.effect
    return found


# -- worked examples


def test_a_quotient_by_logarithmic_means():
    # Cost per lead from 4,400 / 173 to 5,000 / 178 EUR: L = (28.0899 - 25.4335) / ln(28.0899 / 25.4335).
    found = split_change(of("/", A, B), {A: (4400.0, 5000.0), B: (173.0, 178.0)})
    before, after = 4400 / 173, 5000 / 178
    mean = (after - before) / math.log(after / before)
    assert effects(found) == pytest.approx(
        {"a": mean * math.log(5000 / 4400), "b": -mean * math.log(178 / 173)}, rel=1e-12
    )
    assert found.effect == pytest.approx(after - before, rel=1e-12)
    assert found.method == "log-mean"


def test_the_example_of_the_lmdi_guide():
    # Kaya-like: V = Q * s * i. Each factor accounts for L(V1, V0) times the logarithm of its own growth.
    found = split_change(of("*", of("*", A, B), C), {A: (100.0, 120.0), B: (0.5, 0.4), C: (2.0, 2.5)})
    mean = 20 / math.log(1.2)
    assert effects(found) == pytest.approx(
        {"a": mean * math.log(1.2), "b": mean * math.log(0.8), "c": mean * math.log(1.25)}, rel=1e-12
    )
    assert sum(effects(found).values()) == pytest.approx(20)


def test_a_nested_formula():
    # (10 - 4) / 2 = 3, (16 - 7) / 3 = 3: nothing in all, and much beneath.
    found = split_change(of("/", of("-", A, B), C), {A: (10.0, 16.0), B: (4.0, 7.0), C: (2.0, 3.0)})
    assert found.effect == pytest.approx(0, abs=1e-12)
    above, below = found.parts
    # L(3, 3) = 3: ln(9 / 6) for the difference, and as much against it for the divisor.
    assert above.effect == pytest.approx(3 * math.log(1.5), rel=1e-12)
    assert below.effect == pytest.approx(-3 * math.log(1.5), rel=1e-12)
    # the difference grew by 3: 6 of a, -3 of b
    assert [p.effect for p in above.parts] == pytest.approx([above.effect * 2, -above.effect], rel=1e-12)


def test_zero_is_split_by_shapley():
    found = split_change(of("*", A, B), {A: (0.0, 10.0), B: (3.0, 5.0)})
    assert found.method == "shapley"
    assert effects(found) == {"a": 40.0, "b": 10.0}  # 10 * (3 + 5) / 2, and 2 * (0 + 10) / 2


def test_a_numerator_of_zero():
    found = split_change(of("/", A, B), {A: (0.0, 6.0), B: (2.0, 3.0)})
    # a: 6 * (1/2 + 1/3) / 2 = 2.5; b: (1/3 - 1/2) * (0 + 6) / 2 = -0.5
    assert effects(found) == pytest.approx({"a": 2.5, "b": -0.5})


def test_losses_have_no_logarithm():
    found = split_change(of("/", of("-", A, B), A), {A: (10.0, 10.0), B: (12.0, 8.0)})
    assert found.method == "shapley"
    assert found.effect == pytest.approx(0.4)
    assert effects(found) == pytest.approx({"a": 0.0, "b": 0.4})


def test_losses_on_both_sides_have_one():
    found = split_change(of("/", A, B), {A: (-10.0, -20.0), B: (5.0, 5.0)})
    assert (found.method, effects(found)) == ("log-mean", pytest.approx({"a": -2.0, "b": 0.0}))


def test_no_value_is_not_split():
    assert split_change(of("/", A, B), {A: (1.0, 1.0), B: (0.0, 1.0)}) is None
    assert split_change(A, {A: (math.nan, 1.0)}) is None


def test_rounding_has_its_part():
    rounded = of("round", of("+", A, B))
    found = split_change(rounded, {A: (1.4, 1.6), B: (1.0, 1.0), rounded: (2.0, 3.0)})
    assert effects(found) == pytest.approx({"a": 0.2, "b": 0.0, "rounding": 0.8})
    assert found.effect == pytest.approx(1.0)


def test_a_default_is_looked_through_where_it_is_not_used():
    node = Default(of("+", A, B), 0.0, ONE, "additive")
    found = split_change(of("*", node, C), {A: (1.0, 2.0), B: (1.0, 1.0), node: (2.0, 3.0), C: (2.0, 2.0)})
    assert effects(found) == pytest.approx({"a": 2.0, "b": 0.0, "c": 0.0})
    lost = {A: (math.nan, 2.0), B: (1.0, 1.0), node: (0.0, 3.0)}
    found = split_change(node, lost)
    assert (found.parts, found.effect) == ((), 3.0)


def test_abs_of_a_change_of_sign_stays_whole():
    node = of("abs", of("-", A, B))
    kept = split_change(node, {A: (1.0, 2.0), B: (3.0, 6.0), node: (2.0, 4.0)})
    assert effects(kept) == pytest.approx({"a": -1.0, "b": 3.0})
    turned = split_change(node, {A: (1.0, 6.0), B: (3.0, 3.0), node: (2.0, 3.0)})
    assert (turned.parts, turned.effect) == ((), 1.0)


def test_what_has_a_name_is_a_part():
    inner = of("*", A, B)
    values = {A: (1.0, 2.0), B: (3.0, 3.0), C: (2.0, 2.0)}
    flat = split_change(of("/", inner, C), values)
    assert [part.node for part in flat.parts] == [A, B, C]
    named = split_change(of("/", inner, C), values, lambda node: node == inner)
    assert [part.node for part in named.parts] == [inner, C]
    assert effects(named) == pytest.approx(effects(flat))


# -- log mean and Shapley value


@given(st.floats(1e-3, 1e3), st.floats(-0.9, 9))
def test_log_mean(b, growth):
    a = b * (1 + growth)
    found = log_mean(a, b)
    assert min(a, b) * (1 - 1e-12) <= found <= max(a, b) * (1 + 1e-12)
    if abs(growth) > 1e-3:
        assert found == pytest.approx((a - b) / math.log(a / b), rel=1e-9)
    assert log_mean(-a, -b) == -found
    assert log_mean(b, a) == pytest.approx(found, rel=1e-9)


def test_log_mean_of_close_numbers_keeps_its_digits():
    # L(1 + e, 1) = 1 + e/2 - e^2/12 + ...
    assert log_mean(1 + 1e-8, 1.0) == pytest.approx(1 + 5e-9, rel=1e-15)


@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(-10, 10)), min_size=1, max_size=5))
def test_shapley_is_the_mean_over_all_orders(pairs):
    expected = [0.0] * len(pairs)
    orders = list(permutations(range(len(pairs))))
    for order in orders:
        now = [before for before, _ in pairs]
        for n in order:
            old = math.prod(now)
            now[n] = pairs[n][1]
            expected[n] += (math.prod(now) - old) / len(orders)
    found = [w * (after - before) for w, (before, after) in zip(shapley(pairs), pairs, strict=True)]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)


# -- random formulas

NUMBERS = st.one_of(st.integers(-20, 20).map(float), st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.just(0.0))
FORMULAS = st.recursive(
    st.one_of(st.sampled_from([A, B, C, D]), st.sampled_from([Constant(2.0, ONE), Constant(-1.5, ONE)])),
    lambda inner: st.one_of(
        st.builds(of, st.sampled_from("+-*/"), inner, inner),
        st.builds(of, st.sampled_from("+-*"), inner, inner, inner),
        st.builds(of, st.just("neg"), inner),
    ),
    max_leaves=8,
)


def value(node, values, n):
    """A formula in plain Python."""
    match node:
        case Constant(value=found):
            return found
        case Aggregate():
            return values[node][n]
        case Combine(op="neg", args=(inner,)):
            return -value(inner, values, n)
        case Combine(op=op, args=args):
            first, *others = (value(arg, values, n) for arg in args)
            for other in others:
                first = (
                    {"+": first + other, "-": first - other, "*": first * other}.get(op)
                    if (op != "/")
                    else first / other
                )
            return first


@given(FORMULAS, st.tuples(*[st.tuples(NUMBERS, NUMBERS)] * 4), st.sets(st.integers(0, 10)))
def test_parts_add_up(node, numbers, named):
    values = dict(zip((A, B, C, D), numbers, strict=True))
    try:
        before, after = (value(node, values, n) for n in (0, 1))
    except ZeroDivisionError:
        assert split_change(node, values) is None
        return
    inner = list(_inner(node))
    chosen = {inner[n] for n in named if n < len(inner)}
    found = split_change(node, values, lambda node: node in chosen)
    every = [part.effect for part, _ in found.walk() if not part.parts]
    assume(max(map(abs, every), default=0) < 1e12)
    scale = max([abs(before), abs(after), *map(abs, every)])
    assert math.fsum(every) == pytest.approx(after - before, abs=1e-9 * scale + 1e-300)
    for part, _ in found.walk():
        if part.parts:
            assert math.fsum(p.effect for p in part.parts) == part.effect
        assert part.effect == pytest.approx(part.weight * part.change, abs=1e-9 * scale + 1e-300)


def _inner(node):
    if isinstance(node, Combine):
        yield node
        for arg in node.args:
            yield from _inner(arg)


@given(FORMULAS)
def test_leaves_are_what_is_asked_for(node):
    assert set(leaves(node)) <= {A, B, C, D}


# -- slices


def test_rate_and_mix_by_hand():
    # Cost per lead: google 2,900 / 124 -> 3,100 / 131, meta 1,500 / 49 -> 1,900 / 47.
    above, below = np.array([[2900.0, 3100.0], [1500.0, 1900.0]]), np.array([[124.0, 131.0], [49.0, 47.0]])
    found = rate_and_mix(above, below)
    r0, r1 = 2900 / 124, 3100 / 131
    w0, w1 = 124 / 173, 131 / 178
    middle = (4400 / 173 + 5000 / 178) / 2
    assert found.rate[0] == pytest.approx((w0 + w1) / 2 * (r1 - r0))
    assert found.mix[0] == pytest.approx((w1 - w0) * ((r0 + r1) / 2 - middle))
    assert found.effect.sum() == pytest.approx(5000 / 178 - 4400 / 173, rel=1e-12)


def test_pure_mix():
    # Neither ratio moves; the dear one grows.
    found = rate_and_mix(np.array([[10.0, 10.0], [40.0, 120.0]]), np.array([[10.0, 10.0], [10.0, 30.0]]))
    assert found.rate.tolist() == [0.0, 0.0]
    assert found.effect.sum() == pytest.approx(130 / 40 - 50 / 20)
    assert (found.mix > 0).all()  # less of the cheap one, and more of the dear one, both raise it


def test_new_and_vanished_slices():
    above, below = (
        np.array([[10.0, 0.0], [0.0, 60.0], [20.0, 20.0]]),
        np.array([[10.0, 0.0], [0.0, 20.0], [10.0, 10.0]]),
    )
    found = rate_and_mix(above, below)
    assert found.rate.tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(found.after[0])
    assert np.isnan(found.before[1])
    assert found.effect.sum() == pytest.approx(80 / 30 - 30 / 20)


def test_a_numerator_without_a_denominator_is_not_split_further():
    above, below = np.array([[100.0, 300.0], [100.0, 100.0]]), np.array([[2.0, 0.0], [2.0, 2.0]])
    found = rate_and_mix(above, below)
    assert np.isnan(found.rate[0])
    assert np.isnan(found.mix[0])
    assert found.effect.sum() == pytest.approx(400 / 2 - 200 / 4)


@given(
    st.lists(st.tuples(*[st.tuples(NUMBERS, NUMBERS)] * 2), min_size=1, max_size=8),
    st.sampled_from([1.0, 100.0, -0.5]),
)
def test_slices_add_up(rows, scale):
    above, below = (np.array([row[n] for row in rows]) for n in (0, 1))
    sums = np.array([math.fsum(below[:, n]) for n in (0, 1)])
    assume((np.abs(sums) > 1e-2).all())
    found = rate_and_mix(above, below, scale)
    before, after = (scale * math.fsum(above[:, n]) / sums[n] for n in (0, 1))
    most = max(abs(before), abs(after), *np.abs(found.effect))
    split = ~np.isnan(found.rate)
    assert found.effect.sum() == pytest.approx(after - before, abs=1e-9 * most + 1e-300)
    sizes = np.abs(found.rate[split]) + np.abs(found.mix[split]) + most
    assert (np.abs(found.effect - found.rate - found.mix)[split] <= 1e-9 * sizes).all()


# -- ratios of what adds up


def test_quotient():
    assert quotient(of("/", A, B)) == (1.0, A, B)
    assert quotient(of("*", of("/", A, B), Constant(1000.0, ONE))) == (1000.0, A, B)
    assert quotient(of("/", A, of("/", B, Constant(2.0, ONE)))) == (2.0, A, B)
    assert quotient(of("/", of("*", A, B), C)) is None
    assert quotient(of("/", A, Aggregate("max", "t", A.argument, ONE, "none"))) is None


@pytest.mark.parametrize("function", ["average", "weighted average", "share"])
def test_averages_are_quotients(function):
    weight = ColumnRef("t", "w", NUMBER) if function == "weighted average" else None
    node = Aggregate(function, "t", A.argument, ONE, "none", weight=weight)
    scale, above, below = quotient(node)
    assert scale == 1
    assert {above.function, below.function} <= {"sum", "count"}
    assert expanded(of("-", node, A)).args == (expanded(node), A)
    assert len(list(factors(expanded(node)))) == 2

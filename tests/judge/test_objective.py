"""Objectives: what each rule makes of its members, and what cannot be told yet."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kpidsl import judge
from kpidsl.graph import Objective
from kpidsl.results import Judged, Verdict

from .world import SPAN

LIGHT = {
    "met": "green", "on track": "green", "nearly met": "amber", "at risk": "amber", "missed": "red",
    "off track": "red", "no target": "none",
}  # fmt: skip


def member(name: str, word: str, final: bool | None = None, counts: bool = True) -> Judged:
    """Final words are taken for the promise's last unless told."""
    last = word in ("met", "nearly met", "missed") if final is None else final
    light, counts = LIGHT.get(word, "grey"), counts and word != "no target"
    verdict = Verdict(name, name.upper(), (), None, word, light, "", "EUR", final=last, counts=counts)
    return Judged(name, verdict)


def objective(words, rule="all", need=1.0, weights=None):
    names = [f"k{number}" for number in range(len(words))]
    weights = weights or [1.0] * len(words)
    found = Objective("grow", "Grow", tuple(zip(names, weights, strict=True)), rule, need, None, SPAN)
    return found, {name: member(name, one) for name, one in zip(names, words, strict=True)}


def rolled(words, rule="all", need=1.0, weights=None):
    return judge.roll_up(*objective(words, rule, need, weights))


@pytest.mark.parametrize(
    ("words", "word", "light"),
    [
        (["met", "met"], "met", "green"),
        (["met", "on track"], "on track", "green"),
        (["on track", "on track"], "on track", "green"),
        (["met", "nearly met"], "nearly met", "amber"),
        (["met", "at risk"], "at risk", "amber"),
        (["on track", "nearly met"], "at risk", "amber"),
        (["met", "off track"], "off track", "red"),
        (["on track", "missed"], "missed", "red"),
        (["no data", "missed"], "missed", "red"),
        (["no data", "off track"], "off track", "red"),
        (["no data", "at risk"], "no data", "grey"),
        (["no data", "met"], "no data", "grey"),
        (["stale", "failed", "met"], "failed", "grey"),
        (["not started", "not started"], "not started", "grey"),
        (["met", "no target"], "met", "green"),
        (["no target"], "no target", "none"),
    ],
)
def test_all(words, word, light):
    found = rolled(words)
    assert (found.word, found.light) == (word, light)


@pytest.mark.parametrize(
    ("words", "word", "light"),
    [
        (["met", "missed"], "met", "green"),
        (["met", "no data"], "met", "green"),
        (["on track", "missed"], "on track", "green"),
        (["on track", "no data"], "on track", "green"),
        (["nearly met", "missed"], "nearly met", "amber"),
        (["at risk", "missed"], "at risk", "amber"),
        (["missed", "missed"], "missed", "red"),
        (["missed", "off track"], "off track", "red"),
        (["missed", "no data"], "no data", "grey"),
    ],
)
def test_any(words, word, light):
    found = rolled(words, "any", 0.0)
    assert (found.word, found.light) == (word, light)


@pytest.mark.parametrize(
    ("words", "word", "light"),
    [  # weights 3, 1, 1; 60% of 5 is 3
        (["met", "missed", "missed"], "met", "green"),
        (["missed", "met", "met"], "missed", "red"),
        (["on track", "met", "met"], "on track", "green"),
        (["at risk", "met", "met"], "at risk", "amber"),
        (["nearly met", "missed", "missed"], "nearly met", "amber"),
        (["no data", "met", "met"], "no data", "grey"),
        (["met", "no data", "failed"], "met", "green"),
        (["missed", "no data", "failed"], "missed", "red"),
    ],
)
def test_a_share_of_the_weight(words, word, light):
    found = rolled(words, "share", 0.6, [3.0, 1.0, 1.0])
    assert (found.word, found.light) == (word, light)


def test_a_share_is_reached_when_it_is_exactly_reached():
    assert rolled(["met"] * 3 + ["missed"] * 7, "share", 0.3, [0.1] * 10).word == "met"
    assert rolled(["met"] * 3 + ["missed"] * 7, "share", 0.31, [0.1] * 10).word == "missed"


def test_a_closed_period_is_not_the_end_of_the_promise():
    one, judged = objective(["met", "met"])
    judged["k0"] = member("k0", "met", final=False)
    assert judge.roll_up(one, judged).word == "on track"


def test_a_draft_does_not_count_and_is_listed():
    one, judged = objective(["met", "missed"])
    judged["k1"] = member("k1", "missed", counts=False)
    found = judge.roll_up(one, judged)
    assert (found.word, found.share_met) == ("met", 1.0)
    assert found.members == (("k0", 1.0, "met"), ("k1", 1.0, "missed"))


def test_a_member_that_was_not_judged_counts_as_failed():
    one, judged = objective(["met", "met"])
    del judged["k1"]
    found = judge.roll_up(one, judged)
    assert (found.word, found.light, found.share_met) == ("failed", "grey", 0.5)
    assert "k1" in found.why


def test_a_failed_kpi_counts():
    one, judged = objective(["met", "met"])
    judged["k1"] = judge.failed("k1", None, "no column `x`")
    assert judge.roll_up(one, judged).word == "failed"


def test_the_sentence_names_the_worst_first():
    found = rolled(["met", "at risk", "missed", "no data", "off track"])
    assert found.why == (
        "1 of 5 KPIs is met or on track, all are needed: "
        "K2 is missed; K4 is off track; K3 has no data; K1 is at risk."
    )


def test_an_objective_that_did_not_compile():
    found = judge.failed_objective("grow", None, "`x` is not a KPI.")
    assert (found.word, found.light, found.title, found.why) == (
        "failed",
        "grey",
        "grow",
        "`x` is not a KPI.",
    )


words = st.sampled_from(
    ["met", "on track", "nearly met", "at risk", "missed", "off track", "no data", "failed"]
)
rules = st.sampled_from([("all", 1.0), ("any", 0.0), ("share", 0.5), ("share", 0.75)])


@given(
    st.lists(st.tuples(words, st.sampled_from([0.5, 1.0, 3.0])), min_size=1, max_size=5), rules, st.randoms()
)
def test_the_order_of_the_members_changes_nothing(members, rule, random):
    one, judged = objective([w for w, _ in members], *rule, [weight for _, weight in members])
    shuffled = list(one.members)
    random.shuffle(shuffled)
    first, second = judge.roll_up(one, judged), judge.roll_up(evolve(one, members=tuple(shuffled)), judged)
    assert (first.word, first.light, first.why, first.share_met) == (
        second.word, second.light, second.why, second.share_met,
    )  # fmt: skip


@given(st.lists(words, min_size=1, max_size=4), rules, st.data())
def test_a_light_that_is_given_does_not_hang_on_grey_members(members, rule, data):
    found = rolled(members, *rule)
    greys = [number for number, one in enumerate(members) if one in ("no data", "failed")]
    if found.light != "grey":
        for number in greys:
            members[number] = data.draw(
                st.sampled_from(["met", "on track", "at risk", "off track", "missed"])
            )
        assert rolled(members, *rule).light == found.light
    else:
        assert greys


@given(st.lists(words, min_size=1, max_size=4), rules, st.data())
def test_a_final_word_does_not_hang_on_open_members(members, rule, data):
    found = rolled(members, *rule)
    if found.word in ("met", "nearly met", "missed"):
        for number, one in enumerate(members):
            if one not in ("met", "nearly met", "missed"):
                members[number] = data.draw(st.sampled_from(["met", "nearly met", "missed"]))
        assert rolled(members, *rule).word == found.word


# -- key members, members for information, objectives in objectives ------------------------------------------


def special(words, rule="all", need=1.0, weights=None, keys=(), shown=()):
    one, judged = objective(words, rule, need, weights)
    return judge.roll_up(evolve(one, keys=frozenset(keys), shown=frozenset(shown)), judged)


@pytest.mark.parametrize(
    ("words", "keys", "word", "light"),
    [  # met when at least 60%; weights 3, 1, 1
        (["met", "missed", "missed"], ["k0"], "met", "green"),
        (["met", "missed", "met"], ["k1"], "missed", "red"),
        (["met", "off track", "met"], ["k1"], "off track", "red"),
        (["met", "nearly met", "met"], ["k1"], "nearly met", "amber"),
        (["met", "at risk", "missed"], ["k1"], "at risk", "amber"),
        (["met", "no data", "met"], ["k1"], "no data", "grey"),
        (["met", "stale", "met"], ["k1"], "stale", "grey"),
        (["missed", "no data", "met"], ["k1"], "missed", "red"),
        (["met", "no data", "missed"], ["k2"], "missed", "red"),
        (["met", "no data", "met"], ["k2"], "met", "green"),
        (["met", "missed", "no data"], ["k1", "k2"], "missed", "red"),
        (["met", "no target", "met"], ["k1"], "met", "green"),
    ],
)
def test_a_key_member_must_be_met_whatever_the_share(words, keys, word, light):
    found = special(words, "share", 0.6, [3.0, 1.0, 1.0], keys)
    assert (found.word, found.light) == (word, light)


def test_any_with_a_key():
    assert special(["met", "missed"], "any", 0.0, keys=["k1"]).word == "missed"
    assert special(["missed", "met"], "any", 0.0, keys=["k1"]).word == "met"


@pytest.mark.parametrize(
    ("words", "shown", "word", "share"),
    [
        (["met", "missed"], ["k1"], "met", 1.0),
        (["met", "failed"], ["k1"], "met", 1.0),
        (["missed", "met"], ["k1"], "missed", 0.0),
        (["no data", "met"], ["k1"], "no data", 0.0),
        (["no target", "met"], ["k1"], "no target", None),
    ],
)
def test_a_member_for_information_never_counts(words, shown, word, share):
    found = special(words, shown=shown)
    assert (found.word, found.share_met) == (word, share)
    assert {line.name: line.counts for line in found.lines}["k1"] is False


@pytest.mark.parametrize("rule", [("all", 1.0), ("any", 0.0), ("share", 0.6)])
def test_all_grey(rule):
    found = special(["no data", "stale", "too few"], *rule, keys=["k0"])
    assert (found.word, found.light, found.share_met) == ("stale", "grey", 0.0)


@pytest.mark.parametrize(
    ("weights", "word"),
    [([60.0, 40.0], "met"), ([59.999, 40.001], "missed"), ([60.001, 39.999], "met"), ([0.6, 0.4], "met"),
     ([1.2, 0.8], "met"), ([0.3, 0.2], "met")],
)  # fmt: skip
def test_just_below_on_and_just_above_sixty_percent(weights, word):
    assert special(["met", "missed"], "share", 0.6, weights).word == word


def test_drafts_do_not_count_as_keys_either():
    one, judged = objective(["met", "missed"])
    judged["k1"] = member("k1", "missed", counts=False)
    assert judge.roll_up(evolve(one, keys=frozenset(["k1"])), judged).word == "met"


def test_the_scorecard_has_the_worst_first_and_what_does_not_count_last():
    found = special(
        ["met", "at risk", "missed", "missed", "no data", "missed"],
        weights=[1.0, 1.0, 1.0, 2.0, 1.0, 1.0],
        keys=["k2"],
        shown=["k5"],
    )
    assert [(line.name, line.role, line.share) for line in found.lines] == [
        ("k2", "key", pytest.approx(1 / 6)),
        ("k3", None, pytest.approx(2 / 6)),
        ("k4", None, pytest.approx(1 / 6)),
        ("k1", None, pytest.approx(1 / 6)),
        ("k0", None, pytest.approx(1 / 6)),
        ("k5", "for information", None),
    ]
    assert "K2 (key) is missed; K3 is missed" in found.why


def test_an_objective_is_a_member_of_another():
    inner, judged = objective(["met", "missed"], "share", 0.5)
    inner = evolve(inner, name="inner", title="Inner")
    outer = Objective("outer", "Outer", (("inner", 2.0), ("k1", 1.0)), "share", 0.6, None, SPAN)
    outer = evolve(outer, nested=frozenset(["inner"]))
    found = judge.roll_ups({"outer": outer, "inner": inner}, judged)
    assert list(found) == ["outer", "inner"]
    assert (found["inner"].word, found["outer"].word) == ("met", "met")
    assert found["outer"].share_met == pytest.approx(2 / 3)
    judged["k0"] = member("k0", "on track")
    assert judge.roll_ups({"outer": outer, "inner": inner}, judged)["outer"].word == "on track"


_BAD = {"green": 0, "amber": 1, "red": 2}


def by_enumeration(words, rule, need, weights, keys):
    """The light over every way the grey members may turn out, by the rules as the reference page has them."""
    lights = [LIGHT.get(word, "grey") for word in words]
    found = set()
    for ways in product(*(["green", "amber", "red"] if light == "grey" else [light] for light in lights)):
        if rule == "all":
            light = max(ways, key=_BAD.get)
        elif rule == "any":
            light = min(ways, key=_BAD.get)
        else:
            total = Fraction(need) * sum(map(Fraction, weights))
            green = sum(Fraction(w) for w, way in zip(weights, ways, strict=True) if way == "green")
            amber = sum(Fraction(w) for w, way in zip(weights, ways, strict=True) if way != "red")
            light = "green" if green >= total else "amber" if amber >= total else "red"
        found.add(max([light, *(ways[at] for at in keys)], key=_BAD.get))
    return found.pop() if len(found) == 1 else "grey"


@given(
    st.lists(st.tuples(words, st.sampled_from([0.5, 1.0, 3.0])), min_size=1, max_size=5),
    rules,
    st.sets(st.integers(0, 4), max_size=3),
)
def test_lights_are_those_of_every_way_it_may_turn_out(members, rule, keys):
    names, weights = [w for w, _ in members], [weight for _, weight in members]
    keys = {at for at in keys if at < len(members)}
    found = special(names, *rule, weights, [f"k{at}" for at in keys])
    assert found.light == by_enumeration(names, *rule, weights, keys)

"""The roll-up of an objective over the headlines of its KPIs.

| light of a member | its words | counts as |
|---|---|---|
| green | met, on track | kept |
| amber | nearly met, at risk | nearly kept |
| red | missed, off track | not kept |
| grey | failed, stale, no data, ... | unknown: could turn out any of the three |
| none, a draft, for information | no target | not counted |

`all` takes the worst light, `any` the best; a share is green when the kept weight reaches it, amber when
kept and nearly kept weight together do, else red. A key member pulls the light down to its own, whatever the
rule says. Grey members make the objective grey unless the light is
the same whatever they turn out to be. The word is final (met, nearly met, missed) once no member that is
still open could change the light; before that it is on track, at risk or off track.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext

from attrs import frozen

from kpidsl.graph import Objective
from kpidsl.judge.bounds import EXACT, Judgement, exact, rounded, word
from kpidsl.results import Judged, Light, MemberVerdict, ObjectiveVerdict, Role, Verb, Verdict

_LIGHTS: tuple[Judgement, ...] = ("green", "amber", "red")
_GREYS: tuple[Verb, ...] = ("failed", "stale", "no data", "too few", "inconclusive", "not started")
_FINAL: tuple[Verb, ...] = ("met", "nearly met", "missed")
_BADNESS: tuple[Verb, ...] = ("missed", "off track", *_GREYS, "at risk", "nearly met")


@frozen
class Member:
    """A counting member; `light` is None while nothing can be said of it."""

    name: str
    title: str
    weight: Decimal
    light: Judgement | None
    final: bool
    word: Verb
    key: bool = False


Headlines = Mapping[str, Verdict | ObjectiveVerdict]


def roll_ups(
    objectives: Mapping[str, Objective], judged: Mapping[str, Judged]
) -> dict[str, ObjectiveVerdict]:
    """Judge objectives, each after those that are members of it; in the order given."""
    found: dict[str, ObjectiveVerdict] = {}

    def settle(name: str) -> None:
        if name not in found:
            for member in objectives[name].nested & objectives.keys():
                settle(member)
            found[name] = roll_up(objectives[name], judged, found)

    for name in objectives:
        settle(name)
    return {name: found[name] for name in objectives}


def roll_up(
    objective: Objective, judged: Mapping[str, Judged], nested: Mapping[str, ObjectiveVerdict] | None = None
) -> ObjectiveVerdict:
    """Judge an objective; a member that is not among the judged counts as failed.

    `nested` are the verdicts on objectives that are members.
    """
    headlines: dict[str, Verdict | ObjectiveVerdict] = {}
    for name, _ in objective.members:
        if name in objective.nested:
            headlines |= {name: nested[name]} if nested and name in nested else {}
        elif name in judged:
            headlines[name] = judged[name].headline
    with localcontext(EXACT):
        return _rolled_up(objective, headlines)


def _rolled_up(objective: Objective, headlines: Headlines) -> ObjectiveVerdict:
    members = [
        _member(objective, name, weight, headlines.get(name))
        for name, weight in objective.members
        if name not in objective.shown and (name not in headlines or _counts(headlines[name]))
    ]
    total = sum(member.weight for member in members)
    listed = _lines(objective, headlines, total)
    if not members:
        reason = "No KPI of the objective counts: each is a draft, has no target or is there for information."
        return _given(objective, "no target", "none", reason, listed, None)
    kept = sum(member.weight for member in members if member.light == "green")
    share = rounded(kept / total) if total else None
    found, final = _decide(objective, members)
    if found is None:
        greys = [member.word for member in members if member.light is None]
        worst = min(greys, key=_GREYS.index)
        return _given(objective, worst, "grey", _why(objective, members, headlines), listed, share)
    return _given(objective, word(found, final), found, _why(objective, members, headlines), listed, share)


def failed_objective(objective_name: str, title: str | None, reason: str) -> ObjectiveVerdict:
    """The verdict on an objective that could not be compiled."""
    return ObjectiveVerdict(objective_name, title or objective_name, "failed", "grey", reason, (), None)


def _counts(headline: Verdict | ObjectiveVerdict) -> bool:
    """Drafts and KPIs without a target do not count; one that failed does."""
    return (isinstance(headline, ObjectiveVerdict) or headline.counts) and headline.light != "none"


def _member(
    objective: Objective, name: str, weight: float, headline: Verdict | ObjectiveVerdict | None
) -> Member:
    key = name in objective.keys
    if headline is None:
        return Member(name, name, exact(weight), None, False, "failed", key)
    light = next((one for one in _LIGHTS if one == headline.light), None)
    last = headline.word in _FINAL if isinstance(headline, ObjectiveVerdict) else headline.final
    return Member(name, headline.title, exact(weight), light, last and light is not None, headline.word, key)


def _lines(objective: Objective, headlines: Headlines, total: Decimal | int) -> tuple[MemberVerdict, ...]:
    """Every member, the worst that counts first, then what does not count; key ones before others."""
    found = []
    for name, weight in objective.members:
        headline = headlines.get(name)
        counts = name not in objective.shown and (headline is None or _counts(headline))
        role: Role = (
            "for information" if name in objective.shown else "key" if name in objective.keys else None
        )
        found.append(
            MemberVerdict(
                name=name,
                title=headline.title if headline else name,
                weight=weight,
                share=rounded(exact(weight) / total) if counts and total else None,
                role=role,
                counts=counts,
                objective=name in objective.nested,
                word=headline.word if headline else "failed",
                light=headline.light if headline else "grey",
                why=headline.why if headline else "It was not evaluated.",
            )
        )
    return tuple(sorted(found, key=_first))


def _first(member: MemberVerdict) -> tuple[bool, int, bool, float, str]:
    bad = _BADNESS.index(member.word) if member.word in _BADNESS else len(_BADNESS)
    return not member.counts, bad, member.role != "key", -member.weight, member.name


def _decide(objective: Objective, members: Sequence[Member]) -> tuple[Judgement | None, bool]:
    """The light, if it does not hang on grey members, and whether no open member can change it."""
    fixed = _whatever(objective, members, [member.final for member in members])
    if fixed is not None:
        return fixed, True
    return _whatever(objective, members, [member.light is not None for member in members]), False


def _whatever(objective: Objective, members: Sequence[Member], known: Sequence[bool]) -> Judgement | None:
    """The light that results however the members that are not known turn out; None if it hangs on them."""
    ends: list[Judgement] = ["green", "red"]
    best, worst = (
        _with_keys(
            objective,
            [(m, m.light if k and m.light else end) for m, k in zip(members, known, strict=True)],
        )
        for end in ends
    )
    return best if best == worst else None


def _with_keys(objective: Objective, members: Sequence[tuple[Member, Judgement]]) -> Judgement:
    """The light by the rule, and no better than that of any key member."""
    found = _light(objective, [(member.weight, light) for member, light in members])
    return max([found, *(light for member, light in members if member.key)], key=_LIGHTS.index)


def _light(objective: Objective, members: Sequence[tuple[Decimal, Judgement]]) -> Judgement:
    lights = [light for _, light in members]
    match objective.rule:
        case "all":
            return max(lights, key=_LIGHTS.index)
        case "any":
            return min(lights, key=_LIGHTS.index)
        case "share":
            need = exact(objective.need) * sum(weight for weight, _ in members)
            if sum(weight for weight, light in members if light == "green") >= need:
                return "green"
            return "amber" if sum(weight for weight, light in members if light != "red") >= need else "red"


# -- words ---------------------------------------------------------------------------------------------------


def _why(objective: Objective, members: Sequence[Member], headlines: Headlines) -> str:
    """How many are kept, what is needed, and the others, the worst first."""
    kept = [member for member in members if member.light == "green"]
    others = sorted(
        (member for member in members if member.light != "green"),
        key=lambda member: (_BADNESS.index(member.word), not member.key, -member.weight, member.name),
    )
    need = {"all": "all are needed", "any": "one is needed"}.get(objective.rule)
    need = need or f"{float(exact(objective.need) * 100):.4g}% of the weight is needed"
    keys = sum(member.key for member in members)
    need += f", and {'the key one' if keys == 1 else 'all key ones'}" if keys else ""
    verb = "is" if len(kept) == 1 else "are"
    what = "members" if objective.nested else "KPIs"
    sentence = f"{len(kept)} of {len(members)} {what} {verb} met or on track, {need}"
    if not others:
        return f"{sentence}."
    named = "; ".join(f"{member.title}{' (key)' * member.key} {_is(member.word)}" for member in others)
    missing = " (not evaluated)" if any(member.name not in headlines for member in others) else ""
    return f"{sentence}: {named}{missing}."


def _is(verb: Verb) -> str:
    return {"no data": "has no data", "too few": "has too few answers"}.get(verb, f"is {verb}")


def _given(
    objective: Objective,
    verb: Verb,
    light: Light,
    why: str,
    lines: tuple[MemberVerdict, ...],
    share: float | None,
) -> ObjectiveVerdict:
    title = objective.title or objective.name
    words = {line.name: line.word for line in lines}
    members = tuple((name, weight, words[name]) for name, weight in objective.members)
    return ObjectiveVerdict(objective.name, title, verb, light, why, members, share, lines)

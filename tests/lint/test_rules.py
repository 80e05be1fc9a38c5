"""Every rule: its bad example fires, its good one does not; and none makes noise on the examples."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from kpidsl import cache
from kpidsl.codes import CATALOGUE
from kpidsl.diagnostics import Severity
from kpidsl.lint.rule import FAMILIES, Rule
from kpidsl.lint.rules import builtin
from kpidsl.lint.run import check
from kpidsl.specs import load
from tests.lint.look import codes, looked, whole
from tests.project import ROOT

RULES = [rule for rule in builtin() if not rule.rows]
"""Those of data are tried in tests/cli/test_lint_data.py."""
NAMED = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code} {rule.name}")
NO_FILE = "K209"
"""An example imports a file that is only in memory."""


@NAMED
def test_the_bad_example_fires_and_the_good_one_does_not(rule: Rule) -> None:
    bad, good = looked(whole(rule.bad)), looked(whole(rule.good))
    assert rule.code in codes(bad.findings), codes(bad.findings)
    assert rule.code not in codes(good.findings), [d.message for d in good.findings if d.code == rule.code]
    wrong = [d for d in good.findings if d.severity is Severity.ERROR and d.code != NO_FILE]
    assert wrong == [], [(d.code, d.message) for d in wrong]
    if rule.find is not None:  # an example of a rule compiles: nothing else is wrong with it
        wrong = [d for d in bad.findings if d.severity is Severity.ERROR and d.code != NO_FILE]
        assert wrong == [], [(d.code, d.message) for d in wrong]
    assert (bad.problems, good.problems) == ((), ())


@NAMED
def test_a_finding_says_where_and_what_would_be_right(rule: Rule) -> None:
    for one in looked(whole(rule.bad)).findings:
        if one.code == rule.code:
            assert one.span is not None
            assert one.span.text
            assert one.message[-1] not in ".!"
            assert one.help or one.fix or rule.name == "check-twice" or rule.find is None


@NAMED
def test_a_rule_is_told_with_its_name_and_weight(rule: Rule) -> None:
    one = next(d for d in looked(whole(rule.bad)).findings if d.code == rule.code)
    assert one.rule == (None if rule.code in CATALOGUE else rule.name)
    assert one.severity is rule.severity


@NAMED
def test_a_rule_has_a_page(rule: Rule) -> None:
    assert re.fullmatch(r"K\d{3}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.family in FAMILIES
    assert rule.summary.endswith(".")
    assert len(rule.why) > 40
    assert rule.bad != rule.good


def test_codes_and_names_are_unique() -> None:
    own = [rule for rule in RULES if rule.code not in CATALOGUE]
    words = [word for rule in own for word in (rule.code, rule.name)]
    words += [word for code in CATALOGUE for word in (code,)]
    assert [word for word, count in Counter(words).items() if count > 1] == []
    assert not {rule.name for rule in own} & {code.name for code in CATALOGUE.values()}
    assert not {rule.name for rule in RULES} & set(FAMILIES)


def test_there_are_rules_for_every_family() -> None:
    assert {rule.family for rule in RULES} == set(FAMILIES) - {"custom"}
    assert sum(rule.find is not None for rule in RULES) >= 60


def test_each_letter_of_smart_has_its_rule_which_names_it() -> None:
    smart = [rule for rule in RULES if rule.family == "smart"]
    assert "".join(str(rule.letter) for rule in smart) == "SMART"
    for rule in smart:
        found = [d for d in looked(whole(rule.bad)).findings if d.code == rule.code]
        assert all(d.message.startswith(f"{rule.letter} of SMART") for d in found)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir()))
def test_no_rule_makes_noise_on_an_example(name: str) -> None:
    with cache.without():
        outcome = check(load([str(ROOT / "examples" / name)]))
    assert [(d.code, d.message) for d in outcome.findings if d.severity > Severity.INFO] == []
    notes = Counter(d.code for d in outcome.findings if d.code not in CATALOGUE)
    assert max(notes.values(), default=0) <= 3, notes
    assert sum(notes.values()) <= 8, notes


def test_an_empty_project_has_no_findings(tmp_path: Path) -> None:
    assert looked("").findings == ()
    assert looked("# only a comment\n").findings == ()


@NAMED
def test_a_broken_definition_beside_it_changes_nothing(rule: Rule) -> None:
    """One bad definition spoils only itself, for lint as well."""
    before = codes(looked(whole(rule.bad)).findings)
    after = codes(looked(whole(rule.bad), "kpi broken\n  formula\n").findings)
    assert rule.code in after
    assert Counter(before) <= Counter(after)

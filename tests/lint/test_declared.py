"""Rules of a project: declared in its config, or brought by packages."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from importlib import invalidate_caches
from importlib.metadata import (
    Distribution,
    DistributionFinder,
    EntryPoint,
    MetadataPathFinder,
    entry_points,
)
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from kpidsl.diagnostics import Severity
from kpidsl.lint import run as running
from kpidsl.lint.declared import CLAUSES, TAKEN
from kpidsl.lint.rule import Found, Rule
from kpidsl.lint.rules import brought, points
from kpidsl.syntax import nodes
from tests.lint.look import codes, looked
from tests.lint.test_select import config, lint
from tests.project import kpi, process

SPEC = """\
source crm
  from        "leads.csv"
  row         lead
  time        day
  column      pages page

measure Pages = median(crm.pages)

kpi lead_count "New leads"
  formula     count(crm)
  owner       "Sales"

kpi page_count
  formula     sum(crm.pages)
"""


def found(folder: Path, text: str) -> list[tuple[str, str, str]]:
    wanted = lint(folder, text)
    outcome = looked(SPEC, lint=wanted)
    assert outcome.problems == ()
    own = [d for d in outcome.findings if d.code in {one.name for one in wanted.rules}]
    return [(d.code, d.severity.word, d.message) for d in own]


def test_clauses_that_are_required(tmp_path: Path) -> None:
    text = '[lint.rules.owners]\nrequire = ["owner", "title"]\nseverity = "error"\nwhy = "To be asked."\n'
    assert found(tmp_path, text) == [
        ("owners", "error", "the kpi `page_count` has no `owner`"),
        ("owners", "error", "the kpi `page_count` has no `title`"),
    ]


def test_names_that_have_to_fit(tmp_path: Path) -> None:
    text = '[lint.rules.small]\nof = "measure"\nname = "[a-z_]+"\n'
    assert found(tmp_path, text) == [("small", "warning", "the name `Pages` is not like [a-z_]+")]


def test_functions_that_may_not_be_used(tmp_path: Path) -> None:
    text = '[lint.rules.means]\nof = "measure"\nforbid = ["median", "percentile"]\n'
    assert found(tmp_path, text) == [("means", "warning", "`median` is not to be used")]
    assert found(tmp_path, text.replace("measure", "kpi")) == []


def test_a_declared_rule_is_weighed_like_all(tmp_path: Path) -> None:
    text = '[lint]\nignore = ["custom"]\n[lint.rules.small]\nof = "measure"\nname = "[a-z_]+"\n'
    assert found(tmp_path, text) == []
    text = '[lint.severity]\nsmall = "info"\n[lint.rules.small]\nof = "measure"\nname = "[a-z_]+"\n'
    assert [weight for _, weight, _ in found(tmp_path, text)] == ["info"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[lint.rules.mine]\nrequire = ["ownr"]\n', "`owner`"),
        ('[lint.rules.mine]\nof = "kpis"\nrequire = ["owner"]\n', "`kpi`"),
        ('[lint.rules.mine]\nforbid = ["avrage"]\n', "`average`"),
        ('[lint.rules.mine]\nname = "["\n', "regular expression"),
        ('[lint.rules.mine]\nwhy = "Because."\n', "asks for nothing"),
        ('[lint.rules.long-digits]\nrequire = ["owner"]\n', "already"),
        ('[lint.rules.smart]\nrequire = ["owner"]\n', "already"),
        ('[lint.rules."a]b"]\nrequire = ["owner"]\n', "cannot be named in a comment"),
        ('[lint.rules.mine]\nof = "let"\nrequire = ["owner"]\n', "a let takes no `owner`"),
        (
            '[lint.rules.mine]\nname = "(?i)a"\n',
            "that names are held against",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    wanted, problems = config(tmp_path, text)
    assert problems == []
    told = looked(SPEC, lint=wanted.lint).problems
    assert codes(told) == ["K781"]
    assert said in f"{told[0].message} {told[0].help}"
    assert told[0].span is not None
    assert told[0].span.line == 1


def test_a_family_without_rules_says_how_one_is_declared(tmp_path: Path) -> None:
    run = kpi(tmp_path, "rule", "custom")
    assert (run.code, run.err) == (0, "")
    first, _, *example = run.out.splitlines()
    assert first.startswith("the family `custom` has no rules in this project")
    (tmp_path / "kpi.toml").write_text("\n".join(example))
    assert "kpis-have-owners" in kpi(tmp_path, "rule", "custom").out


def test_the_command_and_the_page(tmp_path: Path) -> None:
    (tmp_path / "kpi.toml").write_text(
        '[lint.rules.owners]\nrequire = ["owner"]\nwhy = "Somebody has to answer."\n'
    )
    (tmp_path / "spec.kpi").write_text(SPEC)
    run = kpi(tmp_path, "lint")
    assert "warning[owners]: the kpi `page_count` has no `owner`" in run.out
    assert "Somebody has to answer." in kpi(tmp_path, "rule", "owners").out
    assert "owners" in kpi(tmp_path, "rule").out


# -- packages ----------------------------------------------------------------------------------------

SHOUTING = Rule(
    "X001",
    "shouting",
    "style",
    Severity.WARNING,
    "A name is in capitals.",
    "Capitals are for constants of other languages, and shout.",
    "measure LEADS = 1",
    "measure leads = 1",
    lambda view: [
        Found(one.name.span, f"`{one.name.text}` shouts")
        for one in view.of(nodes.MeasureDef)
        if one.name.text.isupper()
    ],
)


def failing(view: Any) -> list[Found]:
    raise ZeroDivisionError("a slip")


BROKEN = Rule("X002", "broken", "style", Severity.WARNING, "It fails.", "It fails.", "a", "b", failing)


def leaving(view: Any) -> list[Found]:
    raise SystemExit(3)


LEAVING = Rule("X003", "leaving", "style", Severity.WARNING, "It leaves.", "It leaves.", "a", "b", leaving)


def several() -> list[Rule]:
    return [SHOUTING, BROKEN]


def wrong() -> list[object]:
    return ["no rule"]


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, f"tests.lint.test_declared:{value}", "kpidsl.rules")


@pytest.mark.parametrize(
    ("value", "names"), [("SHOUTING", ["shouting"]), ("several", ["shouting", "broken"])]
)
def test_rules_of_packages_are_found(value: str, names: list[str]) -> None:
    loaded = brought([point("mine", value)])
    assert ([rule.name for rule in loaded.rules], loaded.problems) == (names, ())


@pytest.mark.parametrize("value", ["wrong", "not_there", "SPEC"])
def test_packages_that_cannot_be_used_are_told(value: str) -> None:
    loaded = brought([point("mine", value), point("other", "SHOUTING")])
    assert [rule.name for rule in loaded.rules] == ["shouting"]
    assert codes(loaded.problems) == ["K781"]


def test_a_rule_with_a_name_that_is_taken_is_told() -> None:
    loaded = brought([point("mine", "SHOUTING"), point("other", "SHOUTING")])
    assert len(loaded.rules) == 1
    assert "shouting" in loaded.problems[0].message or "X001" in loaded.problems[0].message


def test_a_rule_of_a_package_that_fails_spoils_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "points", lambda: (point("mine", "several"),))
    outcome = looked(SPEC.replace("Pages", "PAGES"))
    assert codes(outcome.problems) == ["K782"]
    assert "ZeroDivisionError: a slip" in outcome.problems[0].message
    assert [d.message for d in outcome.findings if d.code == "X001"] == ["`PAGES` shouts"]


def test_one_that_would_end_the_program_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "points", lambda: (point("mine", "LEAVING"),))
    text = f'# kpi: ignore[leaving] until 2026-12-31 because "Known."\n{SPEC}'
    outcome = looked(text)
    assert "SystemExit: 3" in outcome.problems[0].message
    assert "K974" not in codes(outcome.findings)  # whether it has something to let pass, nobody knows


OURS = evolve(SHOUTING, family="ours")


def test_a_family_of_a_package_is_chosen_weighed_and_let_pass_like_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(running, "points", lambda: (point("mine", "OURS"),))
    loud = SPEC.replace("Pages", "PAGES")
    chosen = looked(loud, select=["ours"])
    assert (chosen.problems, codes(chosen.findings)) == ((), ["X001"])
    toml = '[lint]\nselect = ["ours"]\n[lint.severity]\nours = "error"\n'
    weighed = looked(loud, lint=lint(tmp_path, toml))
    assert (weighed.problems, [d.severity.word for d in weighed.findings]) == ((), ["error"])
    passed = looked(f'# kpi: ignore[ours] until 2026-12-31 because "Known."\n{loud}', select=["all"])
    assert "K972" not in codes(passed.findings)


def test_a_real_package_brings_its_rules(tmp_path: Path) -> None:
    """An installed package is a module and a folder of metadata on the path."""
    site = tmp_path / "site"
    (site / "shouts-1.0.dist-info").mkdir(parents=True)
    (site / "shouts-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: shouts\nVersion: 1.0\n"
    )
    (site / "shouts-1.0.dist-info" / "entry_points.txt").write_text("[kpidsl.rules]\nshouts = shouts:rule\n")
    (site / "shouts.py").write_text(
        "from kpidsl.lint.rule import WARNING, Found, Rule\n"
        "def find(view):\n"
        "    loud = [one for one in view.subjects if one.name.isupper()]\n"
        "    return [Found(one.head, 'too loud', kpi=one.name) for one in loud]\n"
        "rule = Rule('X1', 'loud', 'names', WARNING, 'Loud.', 'Loud.', 'a', 'b', find)\n"
    )
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "spec.kpi").write_text(SPEC.replace("lead_count", "LEADS"))
    run = process(folder, "lint", PYTHONPATH=f"{Path(__file__).parents[2]}:{site}")
    assert "warning[X1 loud]: too loud" in run.out


@pytest.mark.parametrize("kind", ["folder", "egg-info", "egg in a folder", "egg", "zip", "finder", "other"])
def test_packages_are_found_wherever_python_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The quick look that saves reading all metadata says no only where there is nothing."""
    said = "[kpidsl.else]\na = b:c\n" if kind == "other" else "[kpidsl.rules]\nmine = mine:rule\n"
    home = tmp_path / ("mine.egg" if "egg" in kind and kind != "egg-info" else "site")
    info = home / {"egg": "EGG-INFO", "egg in a folder": "EGG-INFO"}.get(kind, "mine-1.0.dist-info")
    info = home / "Mine.egg-info" if kind == "egg-info" else info
    info.mkdir(parents=True)
    (info / ("PKG-INFO" if "EGG" in info.name else "METADATA")).write_text("Name: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(said)
    place = home.parent if kind == "egg in a folder" else home
    if kind == "zip":
        place = Path(shutil.make_archive(str(tmp_path / "packages"), "zip", home))
    if kind == "finder":
        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Elsewhere(place)])
    else:
        monkeypatch.setattr(sys, "path", [*sys.path, str(place)])
    invalidate_caches()
    every = entry_points(group="kpidsl.rules")
    assert [one.name for one in points()] == [one.name for one in every]
    assert len(every) == (kind not in ("other", "egg in a folder"))  # which only pkg_resources looks into


class Elsewhere:
    """What finds packages that are not on the path."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def find_spec(self, *_: object) -> None:
        return None

    def find_distributions(self, _: object = None) -> Iterator[Distribution]:
        yield from MetadataPathFinder.find_distributions(DistributionFinder.Context(path=[str(self._place)]))


def test_the_clauses_that_a_kind_takes_are_those_of_the_grammar() -> None:
    grammar = (Path(__file__).parents[2] / "grammar" / "kpi.lark").read_text("utf-8")
    rules = {"channel": "column_channel", "from": "start", "leading": "role", "rows": "volume"}
    for of, takes in TAKEN.items():
        block = re.search(rf"^{ {'period': 'named'}.get(of, of) }_block: \((.*?)\)", grammar, re.M | re.S)
        words = set(re.findall(r"\w+", block[1])) if block else set()
        expected = {word for word in CLAUSES if rules.get(word, word) in words}
        assert takes - {"title"} == expected, of

"""Findings in every format: what services read, and what breaks them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpidsl.diagnostics import Diagnostic, Edit, Fix, Label, Severity, Source, Span, Suppressed
from kpidsl.findings import About, Case, Check, Findings, fingerprints
from kpidsl.render.cells import Screen
from kpidsl.render.findings import FORMATS, renderers
from kpidsl.render.findings.github import MOST, in_data, in_property
from kpidsl.render.findings.markdown import LONGEST, inline, mark

TEXT = '# é\nkpi chiffre_d_affaires "Chiffre d’affaires é 🎯"\n  formula   sum(ventes.montant) + é\n'
NASTY = "100% of a\r, b: c\n🎯 d’affaires é"


def diagnostic(
    text: str = TEXT, of: str = "sum(ventes.montant)", name: str = "specs/a.kpi", **more: Any
) -> Diagnostic:
    start = text.index(of)
    span = Span(Source(name, text), start, start + len(of))
    return Diagnostic(**({"code": "K301", "message": "`a` and `b`", "span": span} | more))


def findings(*found: Diagnostic, **more: Any) -> Findings:
    return Findings("lint", (Check("lint", found),), files=1, **more)


def rendered(name: str, found: Findings, screen: Screen | None = None) -> str:
    return renderers(found)[name](screen or Screen())


# -- GitHub's commands ------------------------------------------------------------------------------


def test_a_command_for_github() -> None:
    assert rendered("github", findings(diagnostic(help="say: x, y"))) == (
        "::error file=specs/a.kpi,line=3,endLine=3,col=13,endColumn=32,title=K301 unit-mismatch"
        "::`a` and `b`%0Ahelp: say: x, y\n"
    )


def test_signs_that_end_commands_are_escaped() -> None:
    line = rendered("github", findings(diagnostic(message=NASTY, name="100%, a:b\r\n🎯é.kpi")))
    assert line.count("\n") == 1
    assert "file=100%25%2C a%3Ab%0D%0A🎯é.kpi,line=3," in line
    assert line.endswith("::100%25 of a%0A, b: c%0A🎯 d’affaires é\n")


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """A command as the runner takes it apart: at the first `::` behind the name, commas, equals signs."""
    head, _, data = line.removeprefix("::").partition("::")
    name, _, properties = head.partition(" ")
    signs = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}

    def back(text: str, known: str) -> str:
        for code in known.split():
            text = text.replace(code, signs[code])
        return text

    pairs = dict(each.split("=", 1) for each in properties.split(","))
    found = {key: back(value, "%0D %0A %3A %2C %25") for key, value in pairs.items()}
    return name, found, back(data, "%0D %0A %25")


@given(st.text(), st.text())
def test_whatever_stands_in_a_command_comes_back(value: str, data: str) -> None:
    line = f"::error file={in_property(value)},title=x::{in_data(data)}"
    assert not set("\r\n") & set(line)
    assert read_command(line) == ("error", {"file": value, "title": "x"}, data)


def test_columns_are_left_out_of_a_range_over_several_lines() -> None:
    line = rendered("github", findings(diagnostic(of='affaires é 🎯"\n  formula')))
    assert "line=2,endLine=3,title=" in line
    assert "ol=" not in line
    assert "olumn=" not in line


def test_of_35_findings_github_gets_10_of_each_level_the_errors_first() -> None:
    found = [
        *(diagnostic(severity=Severity.WARNING, message=f"warning {n}") for n in range(15)),
        *(diagnostic(message=f"error {n}") for n in range(13)),
        *(diagnostic(severity=Severity.INFO, message=f"note {n}") for n in range(7)),
    ]
    lines = rendered("github", findings(*found, shown_from=Severity.INFO)).splitlines()
    levels = [line.split(" ", 1)[0] for line in lines]
    assert levels == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 7 + ["not"]
    assert MOST == 10
    assert lines[-1] == (
        "not annotated: 3 more errors, 5 more warnings; GitHub shows 10 of each level for a step"
    )
    assert [line.rpartition("::")[2] for line in lines[:3]] == ["error 0", "error 1", "error 2"]


def test_lines_under_review_come_first() -> None:
    text = "\n".join(f"line {n}" for n in range(40))
    found = [diagnostic(text, f"line {n}", message=f"on line {n + 1}") for n in range(10, 35)]
    lines = rendered("github", findings(*found, changed=lambda file, line: line in (30, 33))).splitlines()
    assert [line.rpartition(" ")[2] for line in lines[:4]] == ["30", "33", "11", "12"]


def test_github_hears_nothing_when_clean() -> None:
    assert rendered("github", findings()) == ""


# -- SARIF ------------------------------------------------------------------------------------------


def sarif(found: Findings) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(rendered("sarif", found))
    return document


def nasty() -> Findings:
    """One of everything."""
    label = Label(Span(Source("specs/b c.kpi", "x\ny"), 2, 3), "see [here](1)")
    edit = Edit(diagnostic().span or Span(Source("", ""), 0, 0), "é\n")
    return findings(
        diagnostic(message=NASTY, labels=(label,), notes=("a note",), fix=Fix("do it", (edit,))),
        diagnostic(severity=Severity.WARNING, code="K999", kpi="k"),
        diagnostic(severity=Severity.INFO, name="un café/é #1.kpi", of='affaires é 🎯"\n  formula'),
        Diagnostic("K711", "cannot be read\x1b[31m", place="missing.kpi"),
    )


def test_sarif_has_what_github_asks_for() -> None:
    run = sarif(nasty())["runs"][0]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert sorted(rules) == ["K301", "K711", "K999"]
    for rule in rules.values():
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert len(run["results"]) == 4
    for result in run["results"]:
        assert result["message"]["text"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert set(place["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert re.fullmatch(r"[0-9a-f]{16}:\d+", result["partialFingerprints"]["primaryLocationLineHash"])
        assert "suppressions" not in result


def test_sarif_counts_characters_and_escapes_uris_and_links() -> None:
    first, _, third, _ = sarif(nasty())["runs"][0]["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 3, "startColumn": 13, "endLine": 3, "endColumn": 32}
    assert place["artifactLocation"] == {"uri": "specs/a.kpi", "uriBaseId": "%SRCROOT%"}
    uri = third["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "un%20caf%C3%A9/%C3%A9%20%231.kpi"
    assert third["level"] == "note"
    related = first["relatedLocations"][0]
    assert related["message"]["text"] == r"see \[here](1)"
    assert related["physicalLocation"]["region"]["startLine"] == 2
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "é\n"}


def test_sarif_keeps_what_is_suppressed_and_says_so() -> None:
    old = diagnostic(suppressed=Suppressed("until the relaunch"))
    other = diagnostic(suppressed=Suppressed(beside=False))
    found = Findings("lint", (Check("lint", (diagnostic(),), suppressed=(old, other)),))
    said = [result["suppressions"] for result in sarif(found)["runs"][0]["results"]]
    assert said == [
        [],
        [{"kind": "inSource", "status": "accepted", "justification": "until the relaunch"}],
        [{"kind": "external", "status": "accepted"}],
    ]
    assert found.code == 1
    assert Findings("lint", (Check("lint", suppressed=(old,)),)).code == 0


def test_sarif_when_clean_has_a_run_without_results() -> None:
    run = sarif(findings())["runs"][0]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def test_sarif_holds_no_more_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kpidsl.render.findings.sarif.MOST_RESULTS", 2)
    found = findings(diagnostic(severity=Severity.WARNING), diagnostic(), diagnostic())
    run = sarif(found)["runs"][0]
    assert [result["level"] for result in run["results"]] == ["error", "error"]
    told = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert told == "1 more findings are left out: a run holds 2."


# -- GitLab -----------------------------------------------------------------------------------------


def test_gitlab_gets_an_array_also_when_clean() -> None:
    assert json.loads(rendered("gitlab", findings())) == []
    issues = json.loads(rendered("gitlab", findings(diagnostic(), diagnostic(severity=Severity.WARNING))))
    assert issues[0] == {
        "description": "K301 unit-mismatch: `a` and `b`",
        "check_name": "unit-mismatch",
        "fingerprint": issues[0]["fingerprint"],
        "severity": "major",
        "location": {"path": "specs/a.kpi", "lines": {"begin": 3, "end": 3}},
    }
    assert issues[1]["severity"] == "minor"
    assert issues[0]["fingerprint"] != issues[1]["fingerprint"]
    assert not rendered("gitlab", findings()).startswith("\ufeff")


# -- JUnit ------------------------------------------------------------------------------------------


def junit(found: Findings) -> ET.Element:
    return ET.fromstring(rendered("junit", found).encode())


def test_junit_when_clean_is_one_case_that_passed() -> None:
    root = junit(findings())
    assert root.attrib == {"name": "kpidsl", "tests": "1", "failures": "0", "errors": "0", "skipped": "0"}
    assert [(case.get("name"), len(case)) for case in root.iter("testcase")] == [("lint", 0)]


def test_junit_tells_failures_errors_and_what_is_only_said() -> None:
    root = junit(
        Findings(
            "lint",
            (
                Check(
                    "lint",
                    (
                        diagnostic(message=NASTY),
                        diagnostic(severity=Severity.WARNING),
                        Diagnostic("K711", "it is not UTF-8\x00\x1b\ufffe", place="a.kpi"),
                    ),
                    whole=False,
                ),
            ),
        )
    )
    assert [[part.tag for part in case] for case in root.iter("testcase")] == [
        ["failure"], ["system-out"], ["error"],
    ]  # fmt: skip
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    failure = root.find(".//failure")
    assert failure is not None
    assert (failure.text or "").startswith("specs/a.kpi:3: 100% of a\n, b: c\n🎯")
    assert next(root.iter("testcase")).get("line") == "3"


@given(st.text())
def test_junit_can_be_read_whatever_is_said(text: str) -> None:
    root = junit(findings(diagnostic(message=text, help=text, name=text + ".kpi")))
    assert len(list(root.iter("testcase"))) == 1


def test_junit_has_a_case_for_each_test() -> None:
    wrong = diagnostic(message="5, not 6")
    cases = (
        Case("adds up", "a.kpi", "passed", 4),
        Case("divides", "a.kpi", "failed", 9, (wrong,)),
        Case("has no table", "a.kpi", "error", 12, (diagnostic(),)),
        Case("later", "a.kpi", "skipped", 20),
    )
    check = Check("test", (wrong, diagnostic(code="K202")), cases, said="1 of 4 tests passed")
    found = Findings("ci", (Check("lint"), check))
    root = junit(found)
    suites = {suite.get("name"): suite for suite in root.iter("testsuite")}
    assert suites["lint"].get("tests") == "1"
    assert [suites["test"].get(name) for name in ("tests", "failures", "errors", "skipped")] == list("5211")
    assert [case.get("name") for case in suites["test"]][:4] == [
        "adds up",
        "divides",
        "has no table",
        "later",
    ]
    assert found.code == 1


# -- rdjson -----------------------------------------------------------------------------------------


def test_columns_of_rdjson_are_bytes() -> None:
    d = diagnostic(of="🎯")
    (found,) = json.loads(rendered("rdjson", findings(d)))["diagnostics"]
    line = TEXT.split("\n")[1]
    before = len(line[: line.index("🎯")].encode())
    assert found["location"]["range"] == {
        "start": {"line": 2, "column": before + 1},
        "end": {"line": 2, "column": before + 5},
    }
    assert line.encode()[before : before + 4].decode() == "🎯"
    assert before > line.index("🎯")
    assert (found["severity"], found["code"]) == ("ERROR", {"value": "K301 unit-mismatch"})


@given(st.text(alphabet="aé’🎯\n "), st.data())
def test_bytes_of_rdjson_cut_out_what_the_span_does(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = Span(Source("a.kpi", text), start, end)
    (found,) = json.loads(rendered("rdjson", findings(Diagnostic("K301", "x", span))))["diagnostics"]
    lines = text.encode().split(b"\n")
    at = [found["location"]["range"][side] for side in ("start", "end")]
    offsets = [sum(len(line) + 1 for line in lines[: p["line"] - 1]) + p["column"] - 1 for p in at]
    assert text.encode()[slice(*offsets)].decode() == span.text


def test_one_edit_is_a_suggestion() -> None:
    d = diagnostic()
    assert d.span is not None
    one = diagnostic(fix=Fix("do it", (Edit(d.span, "sum(x)"),)))
    assert one.span is not None
    one = diagnostic(span=d.span, fix=one.fix)
    (found,) = json.loads(rendered("rdjson", findings(one)))["diagnostics"]
    assert found["suggestions"][0]["text"] == "sum(x)"
    assert found["suggestions"][0]["range"] == found["location"]["range"]


# -- Markdown ---------------------------------------------------------------------------------------


def test_markdown_begins_with_a_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rendered("markdown", findings()) == "<!-- kpidsl: lint -->\n### kpi lint: nothing found\n"
    (tmp_path / "specs").mkdir()
    monkeypatch.chdir(tmp_path / "specs")
    assert mark(findings(top=tmp_path)) == "<!-- kpidsl: lint in specs -->"


def test_markdown_is_a_table_with_the_errors_first() -> None:
    warning = diagnostic(severity=Severity.WARNING, message="w")
    lines = rendered("markdown", findings(warning, diagnostic(help="x | y"))).splitlines()
    assert lines[1] == "### kpi lint: 1 error, 1 warning"
    assert lines[3:] == [
        "| | where | what |",
        "|---|---|---|",
        "| 🔴 | `specs/a.kpi:3` | **K301 unit-mismatch**: `a` and `b`<br>help: x \\| y |",
        "| 🟡 | `specs/a.kpi:3` | **K301 unit-mismatch**: w |",
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("`a|b` and c|d", "`a\\|b` and c\\|d"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("@team, see #12", "@<!-- -->team, see #<!-- -->12"),
        ("`@team`", "`@team`"),
        ("*a* _b_ [c](d) ~e~", "\\*a\\* \\_b\\_ \\[c\\](d) \\~e\\~"),
        ("a ` b", "a \\` b"),
        ("``a`b`` @x", "``a`b`` @<!-- -->x"),
    ],
)
def test_no_word_of_a_spec_becomes_markup(text: str, written: str) -> None:
    assert inline(text) == written


def test_markdown_fits_into_a_comment() -> None:
    found = findings(*(diagnostic(message=f"{n} " + "x" * 100) for n in range(2000)))
    body = rendered("markdown", found)
    assert len(body) <= LONGEST
    left = int(re.findall(r"and (\d+) more", body)[0])
    assert body.count("🔴") + left == 2000


def test_markdown_of_several_checks_has_a_table_of_them() -> None:
    found = Findings(
        "ci", (Check("format"), Check("lint", (diagnostic(),)), Check("test", said="2 of 2 passed"))
    )
    lines = rendered("markdown", found).splitlines()
    assert lines[3:8] == [
        "| | check | result |",
        "|---|---|---|",
        "| ✅ | format | nothing found |",
        "| ❌ | lint | 1 error |",
        "| ✅ | test | 2 of 2 passed |",
    ]


# -- all of them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_no_escape_byte_without_colour(name: str) -> None:
    found = findings(
        *nasty().diagnostics,
        diagnostic(message="\x1b[31mred\x1b[0m", help="\x1b]8;;x", notes=("\x1b[1m",), labels=()),
    )
    assert "\x1b" not in rendered(name, found)


def test_text_has_colour_where_it_is_on() -> None:
    assert "\x1b[" in rendered("text", findings(diagnostic()), Screen(color=True))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_findings_give_the_same_bytes(name: str) -> None:
    assert rendered(name, nasty()) == rendered(name, nasty())


def test_people_are_shown_what_weighs_enough_and_programs_all() -> None:
    found = findings(diagnostic(severity=Severity.INFO, message="by the way"))
    having = {name for name in FORMATS if "by the way" in rendered(name, found)}
    assert having == {"json", "sarif", "gitlab", "rdjson"}


def test_files_are_named_from_the_top_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    found = findings(top=tmp_path)
    assert found.named("specs/a.kpi") == "shop/specs/a.kpi"
    assert found.named("../b.kpi") == "b.kpi"
    assert found.named(str(tmp_path / "b.kpi")) == "b.kpi"
    assert found.named("../../b.kpi") == "../../b.kpi"
    assert found.named("<stdin>") == "<stdin>"
    line = rendered("github", findings(diagnostic(), top=tmp_path))
    assert "file=shop/specs/a.kpi," in line


def test_what_has_no_text_is_placed_at_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ads.csv").write_text("x")
    found = findings(
        Diagnostic("K501", "no number", place="ads.csv:3:5"),
        Diagnostic("K704", "no variable", place="kpi.toml: connections.shop.url"),
    )
    lines = rendered("github", found).splitlines()
    assert "file=ads.csv,line=3,endLine=3,col=5,endColumn=5," in lines[0]
    assert lines[1].startswith("::error title=K704")
    issues = json.loads(rendered("gitlab", found))
    assert [issue["location"]["path"] for issue in issues] == ["ads.csv", "kpi.toml"]
    assert json.loads(rendered("rdjson", found))["diagnostics"][1]["location"] == {"path": "kpi.toml"}


# -- fingerprints -----------------------------------------------------------------------------------

BEFORE = "kpi a\n  formula   x + y\n\nkpi b\n  formula   x + y\n  target    at least 3\n"
AFTER = "# a comment\n\nkpi b\n  formula     x  +  y\n  target      at least 3\n\nkpi a\n  formula x + y\n"


def marks(text: str, of: str) -> list[str]:
    source = Source("a.kpi", text)
    places = [found.span() for found in re.finditer(of, text)]
    return fingerprints(Diagnostic("K301", "x", Span(source, *place)) for place in places)


def test_fingerprints_stay_when_text_is_moved_and_laid_out_anew() -> None:
    assert len(set(marks(BEFORE, r"x +\+ +y"))) == 2
    assert set(marks(BEFORE, r"x +\+ +y")) == set(marks(AFTER, r"x +\+ +y"))
    assert set(marks(BEFORE, "kpi .")) == set(marks(AFTER, "kpi ."))


def test_fingerprints_tell_rules_definitions_and_the_like_of_one_another_apart() -> None:
    found = fingerprints([diagnostic(), diagnostic(), diagnostic(code="K302"), diagnostic(kpi="z")])
    assert len(set(found)) == 4
    assert [mark.rpartition(":")[2] for mark in found] == ["1", "2", "1", "1"]
    assert found[0].split(":")[0] == found[1].split(":")[0]


def test_the_fingerprint_of_what_has_only_a_place_has_no_line_in_it() -> None:
    first, second = (fingerprints([Diagnostic("K501", "x", place=f"ads.csv:{n}:2")])[0] for n in (3, 9))
    assert first == second


def test_sarif_takes_the_words_of_a_rule_from_whoever_knows_them() -> None:
    about = About(
        "owner-missing", Severity.WARNING, "A KPI has no owner. " + "x" * 2000, "**Why**: nobody answers."
    )
    d = diagnostic(code="L123", rule="owner-missing")
    found = findings(d, diagnostic(), about=lambda code: about if code == "L123" else None)
    known, rule = sarif(found)["runs"][0]["tool"]["driver"]["rules"]
    assert known["name"] == "UnitMismatch"
    assert (rule["name"], rule["defaultConfiguration"]) == ("OwnerMissing", {"level": "warning"})
    assert len(rule["fullDescription"]["text"]) == 1024
    assert rule["help"]["markdown"].endswith("**Why**: nobody answers.")
    assert "L123 owner-missing" in rendered("github", found)
    (nameless,) = sarif(findings(d))["runs"][0]["tool"]["driver"]["rules"]
    assert (nameless["name"], nameless["fullDescription"]["text"]) == ("OwnerMissing", "owner missing")

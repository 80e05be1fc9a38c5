"""The faults whose kind is known where they are found, and what is said about each."""

from __future__ import annotations

from kpidsl.diagnostics import Diagnostic, Edit, Fix, Label, Source, Span
from kpidsl.syntax.wording import known_clause

_MISPLACED = {
    "then": ("`when` and `then` do not go together here", "`when condition then value otherwise value`"),
    "otherwise": ("`otherwise` has no `when` before it", "`when condition then value otherwise value`"),
    "when": (
        "`when` stands in the middle of a formula",
        "a choice inside a formula stands in parentheses: `2 * (when a > 1 then b otherwise c)`",
    ),
    "not": ("`not` stands where a value is expected", "`not` opposes a condition: `a = 1 and not b = 2`"),
    "where": (
        "a second `where` stands behind the first",
        "conditions are joined by `and`; parentheses limit what a `where` applies to",
    ),
    "default": (
        "`default` is followed by more",
        "`default` and a number end a formula, or a part of it in parentheses",
    ),
    "default value": ("`default` takes a number", "for example: `sum(ads.spend) default 0`"),
    "comparison": ("comparisons do not chain", "they are joined by `and`: `a < b and b < c`"),
    "between": ("`between` has no second value", "`between 10 and 20`; longer values stand in parentheses"),
    "period": (
        "`{text}` is not a period",
        "periods are written `2026`, `2026-H1`, `2026-Q4`, `2026-03`, `2026-W14`, `2026-03-31`, "
        "`FY2026-Q1`, `RY2026-P01`",
    ),
    "level": (
        "a line under `target` ends with when it holds",
        "`at least 100 leads by 2026-03` is a milestone, `at least 100 leads in 2026-Q1` a period's target",
    ),
    "path": (
        "`{text}` is a path, where a plain name belongs",
        "in backticks a dot is part of a name: `` `{text}` ``",
    ),
}


def misplaced(kind: str, place: Span) -> Diagnostic:
    """Something grammatical that means nothing."""
    code = {"period": "K119", "path": "K120"}.get(kind, "K121")
    message, help = _MISPLACED.get(
        kind,
        (f"`{kind}` stands where the formula is already complete", "parentheses show what belongs together"),
    )
    return Diagnostic(code, message.format(text=place.text), place, help=help.format(text=place.text))


def too_deep(place: Span) -> Diagnostic:
    """An expression that is nested beyond what is read."""
    return Diagnostic(
        "K122",
        "the expression is nested too deeply",
        place,
        help="a part of it can have a name of its own: `measure part = ...`",
    )


def too_large(source: Source) -> Diagnostic:
    """A file beyond the size that is read."""
    size = f"{len(source.text) / 1e6:.1f}"
    return Diagnostic(
        "K001",
        f"the file has {size} million characters, which is more than is read",
        Span(source, 0, 0),
        help="a spec file may have 5 million characters; definitions may be spread over several files",
    )


def orphan(piece: Span) -> Diagnostic:
    """Indented text before the first definition."""
    start = piece.start + len(piece.text) - len(piece.text.lstrip())
    end = piece.source.text.find("\n", start)
    return Diagnostic(
        "K105",
        "the line is indented, but stands under no definition",
        Span(piece.source, start, end if 0 <= end < piece.end else piece.end),
        help="a definition begins at the margin: `kpi cost_per_lead`",
    )


def no_clauses(place: Span) -> Diagnostic:
    """A definition that says nothing but its name."""
    word = place.text.split()[0]
    return Diagnostic(
        "K108",
        f"the {word} says nothing but its name",
        place,
        help="its clauses are lines under it, indented by two spaces",
    )


def repeated(earlier: Span, clause: Span) -> Diagnostic:
    """A clause that holds once and is written again."""
    word = known_clause(clause.text) or clause.text.split()[0]
    return Diagnostic(
        "K109",
        f"`{word}` is written twice",
        clause,
        labels=(Label(earlier, "it is already said here"),),
        help="one of the two has to go; the first was read",
    )


def tabbed(source: Source, found: list[int]) -> Diagnostic:
    """The tabs of a definition, told once."""
    edits = tuple(Edit(Span(source, at, at + 1), "  ") for at in found)
    return Diagnostic(
        "K106",
        "a tab stands where spaces belong",
        edits[0].span,
        help="clauses are indented by two spaces, the lines under a clause by four",
        fix=Fix("put two spaces in place of each tab", edits),
    )

"""Comments that let a finding pass: `# kpi: ignore[rule] until 2026-12-31 because "..."`.

Behind a clause they are about that clause, behind the first line of a definition or on a line of their own
above it about all of it, and on a line of their own above a clause about that clause. What is expired, used
by nothing or written wrongly is a finding itself. Errors of the compiler do not pass: they keep something
from being evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from attrs import define, field, frozen

from kpidsl.codes import called
from kpidsl.diagnostics import Diagnostic, Edit, Fix, Severity, Span, near
from kpidsl.lint.outcome import Passed
from kpidsl.lint.rule import INFO, WARNING, Found, Rule
from kpidsl.lint.rule import words as names
from kpidsl.lint.texts import is_placeholder
from kpidsl.model.literals import parse_day
from kpidsl.model.periods import Calendar
from kpidsl.records import Record
from kpidsl.syntax import nodes

_ADDRESSED = re.compile(r"#+\s*kpi\s*(:|\bignore\s*\[)", re.IGNORECASE)
"""What was surely meant for lint: also in capitals or without the colon, which is then told."""
_FORM = re.compile(
    r"""\#\s*kpi\s*:\s*ignore\s*\[(?P<rules>[^\]\n]*)\]
        (?:\s+until\s+(?P<until>[\w-]+))?
        (?:\s+because\s+"(?P<because>[^"\n]*)")?\s*""",
    re.VERBOSE,
)
_EXAMPLE = '`# kpi: ignore[missing-owner] until 2026-12-31 because "..."`'
_LONG = timedelta(days=366)


@define(repr=False, eq=False)
class Suppression(Record):
    """A comment, what it covers and what it names."""

    comment: nodes.Comment
    scope: Span
    words: tuple[tuple[str, Span], ...]
    until: date | None
    because: str | None
    used: set[str] = field(factory=set)

    def covers(self, span: Span) -> bool:
        """Whether a finding lies in what it is about."""
        return span.source is self.scope.source and self.scope.start <= span.start < self.scope.end


@frozen(repr=False)
class Settled(Record):
    """What is left after the comments were heard, what passed, and what is to be said about comments."""

    findings: tuple[Diagnostic, ...]
    passed: tuple[Passed, ...]
    about: tuple[Diagnostic, ...]


def settle(
    findings: Sequence[Diagnostic],
    files: Sequence[nodes.File],
    calendar: Calendar,
    rules: Sequence[Rule],
    asked: frozenset[str],
    today: date,
    lost: Sequence[Span] = (),
) -> Settled:
    """Let pass what comments say. `asked` holds the codes of the rules that were looked for at all, `lost`
    the definitions that do not compile: nobody knows what rules would find of these, so that no comment on
    them is told to be of no use."""
    told: list[Diagnostic] = []
    found = [one for file in files for one in _read(file, calendar, rules, today, told)]
    by_code = {rule.code: rule for rule in rules}
    left, passed = [], []
    for finding in findings:
        one = _letting(finding, found, by_code, today)
        if one is None:
            left.append(finding)
        else:
            passed.append(Passed(finding, one.because, one.until, one.comment.span))
    for one in found:
        told += _about(one, rules, frozenset() if _within(one.scope, lost) else asked, today)
    return Settled(tuple(left), tuple(passed), tuple(told))


def _letting(
    finding: Diagnostic, found: Sequence[Suppression], rules: dict[str, Rule], today: date
) -> Suppression | None:
    """The comment that lets a finding pass, if one does."""
    rule, span = rules.get(finding.code), finding.span
    if rule is None or span is None or (rule.find is None and finding.severity is Severity.ERROR):
        return None
    for one in found:
        if not one.covers(span):
            continue
        for word, _ in one.words:
            if rule.answers(word):
                one.used.add(word)
                if one.until is None or one.until >= today:
                    return one
    return None


# -- reading -------------------------------------------------------------------------------------------------


def _read(
    file: nodes.File, calendar: Calendar, rules: Sequence[Rule], today: date, told: list[Diagnostic]
) -> Iterator[Suppression]:
    for comment in file.comments:
        if not _ADDRESSED.match(comment.text):
            continue
        form = _FORM.fullmatch(comment.text)
        if form is None or not form["rules"].strip():
            told.append(_rule("K971").diagnostic(_malformed(comment, "it is not of the form that is read")))
            continue
        until = None
        if form["until"]:
            try:
                until = parse_day(form["until"], calendar)
            except ValueError as error:
                told.append(_rule("K971").diagnostic(_malformed(comment, str(error))))
                continue
        words = tuple(_words(comment, form))
        told += _unknown(words, rules)
        yield Suppression(comment, _scope(file, comment), words, until, form["because"])


def _malformed(comment: nodes.Comment, why: str) -> Found:
    return Found(comment.span, f"the comment lets nothing pass: {why}", help=f"it is written {_EXAMPLE}")


def _words(comment: nodes.Comment, form: re.Match[str]) -> Iterator[tuple[str, Span]]:
    source, start, _ = comment.span
    for word in re.finditer(r"[^\s,][^,]*", form["rules"]):
        text = word[0].rstrip()
        at = start + form.start("rules") + word.start()
        yield text, Span(source, at, at + len(text))


def _unknown(words: Iterable[tuple[str, Span]], rules: Sequence[Rule]) -> Iterator[Diagnostic]:
    known = names(rules)
    for word, span in words:
        named = [rule for rule in rules if rule.answers(word)]
        if any(map(_may_pass, named)):
            continue
        told = called(word)
        if told is not None and told.severity is Severity.ERROR:
            help_ = "what is an error keeps something from being evaluated"
            said = f"`{word}` is an error, and cannot be let pass"
            yield _rule("K972").diagnostic(Found(span, said, help=help_))
            continue
        if told is not None:
            said = f"`{word}` is no rule of lint, and cannot be let pass"
            yield _rule("K972").diagnostic(Found(span, said, help="`kpi rule` lists all rules"))
            continue
        alike = near(word, known)
        fix = Fix(f"write `{alike[0]}`", (Edit(span, alike[0]),), safe=False) if alike else None
        similar = ", ".join(f"`{name}`" for name in alike)
        yield _rule("K972").diagnostic(
            Found(
                span,
                f"no rule is called `{word}`",
                help=f"similar: {similar}" if alike else "`kpi rule` lists all rules",
                fix=fix,
            )
        )


def _may_pass(rule: Rule) -> bool:
    """Whether what a rule finds can be let pass: all but the errors of the compiler."""
    return not rule.is_fixed


def _scope(file: nodes.File, comment: nodes.Comment) -> Span:
    """What a comment is about: a definition, or a clause."""
    source, start, end = comment.span
    text = source.text
    if comment.alone:
        begin = next((m.start() for m in re.finditer(r"^[ \t]*[^\s#]", text[end:], re.MULTILINE)), None)
        if begin is None:
            return Span(source, end, end)
        at = end + begin
    else:
        at = text.rfind("\n", 0, start) + 1
    after = text.find("\n", at)
    line_end = len(text) if after < 0 else after
    for definition in file.definitions:
        span = definition.span
        if at <= span.start < line_end:
            return Span(source, at, max(span.end, line_end))
        if span.start <= at < span.end:
            inside = [c.span for c in getattr(definition, "clauses", ()) if at <= c.span.start < line_end]
            return Span(source, at, max([line_end, *(one.end for one in inside)]))
    return Span(source, at, line_end)


# -- what is to be said about comments -----------------------------------------------------------------------


def _within(scope: Span, places: Iterable[Span]) -> bool:
    return any(one.source is scope.source and one.start <= scope.start < one.end for one in places)


def _about(
    one: Suppression, rules: Sequence[Rule], asked: frozenset[str], today: date
) -> Iterator[Diagnostic]:
    span = one.comment.span
    may = [rule for rule in rules if _may_pass(rule)]
    known = [(word, place) for word, place in one.words if any(rule.answers(word) for rule in may)]
    heard = [word for word, _ in known if any(rule.answers(word) and rule.code in asked for rule in may)]
    useless = not one.used and len(heard) == len(known)
    if one.until is not None and one.until < today:
        yield _rule("K973").diagnostic(
            Found(
                span,
                f"the comment has let nothing pass since {one.until}",
                notes=(f"today is {today}",),
                help="mend what it was about, or agree on another day",
                fix=Fix("delete the comment", (_without(one.comment),)) if useless else None,
            )
        )
        return
    for word, place in known:
        if word in heard and word not in one.used:
            edit = _without(one.comment) if len(one.words) == 1 else _without_word(one, word)
            yield _rule("K974").diagnostic(
                Found(
                    place,
                    f"`{word}` has nothing to let pass here",
                    help="without the comment nothing would be told",
                    fix=Fix("delete it", (edit,)),
                )
            )
    if one.because is None or not one.because.strip() or is_placeholder(one.because):
        yield _rule("K975").diagnostic(
            Found(span, "nothing says why it may pass", help=f"it is written {_EXAMPLE}")
        )
    if one.until is None:
        yield _rule("K976").diagnostic(Found(span, "it lets pass for ever", help=f"it is written {_EXAMPLE}"))
    elif one.until - today > _LONG:
        yield _rule("K977").diagnostic(
            Found(span, f"it lets pass until {one.until}, more than a year", help="who will remember why?")
        )


def _without(comment: nodes.Comment) -> Edit:
    """Take a comment away, with its line if it has one of its own, else with the blanks before it."""
    source, start, end = comment.span
    line = source.text.rfind("\n", 0, start) + 1
    if comment.alone:
        after = source.text.find("\n", end)
        return Edit(Span(source, line, len(source.text) if after < 0 else after + 1), "")
    return Edit(Span(source, line + len(source.text[line:start].rstrip()), end), "")


def _without_word(one: Suppression, word: str) -> Edit:
    source, start, _ = one.words[0][1]
    end = one.words[-1][1].end
    return Edit(Span(source, start, end), ", ".join(text for text, _ in one.words if text != word))


_COUNT = 'kpi lead_count "New leads."\n  formula     count(crm)\n'

RULES = (
    Rule(
        "K971",
        "malformed-suppression",
        "suppressions",
        WARNING,
        "A comment to kpidsl cannot be read.",
        """A comment that was to let something pass and cannot be read lets nothing pass, and says
        nothing about it. It has one form.""",
        f"# kpi: noqa title-with-full-stop\n{_COUNT}",
        f'# kpi: ignore[title-with-full-stop] until 2026-12-31 because "Agreed with sales."\n{_COUNT}',
    ),
    Rule(
        "K972",
        "unknown-suppression",
        "suppressions",
        WARNING,
        "A comment names a rule that does not exist.",
        """A rule that does not exist is never found, so the comment does nothing. Most often the name
        is misspelled.""",
        f'# kpi: ignore[title-with-fullstop] until 2026-12-31 because "Agreed with sales."\n{_COUNT}',
        f'# kpi: ignore[title-with-full-stop] until 2026-12-31 because "Agreed with sales."\n{_COUNT}',
    ),
    Rule(
        "K973",
        "expired-suppression",
        "suppressions",
        WARNING,
        "A comment was to let something pass until a day that is over.",
        """"Until the end of the quarter" is an agreement. When the day has come, what was let pass is
        told again, and so is that somebody wanted to have mended it.""",
        f'# kpi: ignore[title-with-full-stop] until 2026-03-31 because "Agreed with sales."\n{_COUNT}',
        f'# kpi: ignore[title-with-full-stop] until 2026-12-31 because "Agreed with sales."\n{_COUNT}',
    ),
    Rule(
        "K974",
        "unused-suppression",
        "suppressions",
        WARNING,
        "A comment has nothing to let pass.",
        """What it was about is mended. Left where it is, it lets the next slip of that kind pass as
        well.""",
        '# kpi: ignore[title-with-full-stop] until 2026-12-31 because "Agreed with sales."\n'
        'kpi lead_count "New leads"\n  formula     count(crm)\n',
        f'# kpi: ignore[title-with-full-stop] until 2026-12-31 because "Agreed with sales."\n{_COUNT}',
    ),
    Rule(
        "K975",
        "suppression-without-reason",
        "suppressions",
        INFO,
        "A comment does not say why something may pass.",
        """In a year somebody has to decide whether it may still pass. The reason is all there is to
        decide by.""",
        f"# kpi: ignore[title-with-full-stop] until 2026-12-31\n{_COUNT}",
        f'# kpi: ignore[title-with-full-stop] until 2026-12-31 because "Agreed with sales."\n{_COUNT}',
    ),
    Rule(
        "K976",
        "suppression-without-end",
        "suppressions",
        INFO,
        "A comment lets something pass for ever.",
        """What may pass for ever is decided once and never looked at again. A day brings it back.""",
        f'# kpi: ignore[title-with-full-stop] because "Agreed with sales."\n{_COUNT}',
        f'# kpi: ignore[title-with-full-stop] until 2026-12-31 because "Agreed with sales."\n{_COUNT}',
    ),
    Rule(
        "K977",
        "suppression-too-long",
        "suppressions",
        INFO,
        "A comment lets something pass for more than a year.",
        """A day so far away is no agreement. Whoever wrote it will be elsewhere by then.""",
        f'# kpi: ignore[title-with-full-stop] until 2028-12-31 because "Agreed with sales."\n{_COUNT}',
        f'# kpi: ignore[title-with-full-stop] until 2026-12-31 because "Agreed with sales."\n{_COUNT}',
    ),
)


def _rule(code: str) -> Rule:
    return next(rule for rule in RULES if rule.code == code)

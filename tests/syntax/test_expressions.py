"""Formulas: what binds how, and what the words of the language mean in them."""

from __future__ import annotations

import pytest

from kpidsl.diagnostics import Report, Source
from kpidsl.syntax import nodes as n
from kpidsl.syntax.parse import parse_expression


def shape(node: object) -> str:
    """An expression with every operator in parentheses."""
    match node:
        case n.Name(parts=parts):
            return ".".join(parts)
        case n.Number(text=text, unit=unit):
            return f"{text}[{unit.text}]" if unit else text
        case n.String(text=text):
            return repr(text)
        case n.PeriodText(text=text):
            return f"<{text}>"
        case n.Call(name=name, args=args, by=by):
            tail = f" by {shape(by)}" if by else ""
            return f"{name.text}({', '.join(map(shape, args))}{tail})"
        case n.Unary(op=op, operand=operand):
            return f"({op} {shape(operand)})"
        case n.Binary(op=op, left=left, right=right):
            return f"({shape(left)} {op} {shape(right)})"
        case n.In(subject=subject, items=items, negated=negated):
            return f"({shape(subject)} {'not in' if negated else 'in'} {', '.join(map(shape, items))})"
        case n.Between(subject=subject, low=low, high=high, negated=negated):
            return f"({shape(subject)} {'outside' if negated else 'within'} {shape(low)} .. {shape(high)})"
        case n.Missing(subject=subject, negated=negated):
            return f"({shape(subject)} {'present' if negated else 'missing'})"
        case n.When(branches=branches, otherwise=otherwise):
            said = "; ".join(f"{shape(c)} -> {shape(v)}" for c, v in branches)
            return f"[{said}; {shape(otherwise) if otherwise else 'nothing'}]"
        case n.Where(subject=subject, condition=condition):
            return f"({shape(subject)} where {shape(condition)})"
        case n.Default(subject=subject, value=value):
            return f"({shape(subject)} default {shape(value)})"
        case n.Group(inner=inner):
            return "{" + shape(inner) + "}"
    raise AssertionError(node)


def expression(text: str) -> n.Expression:
    report = Report()
    found = parse_expression(Source("<prompt>", text), report)
    assert found is not None, report.items
    return found


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a", "a"),
        ("ads.spend", "ads.spend"),
        ("ads.`Coût total`", "ads.Coût total"),
        ("`a.b`.c", "a.b.c"),
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c", "((a / b) * c)"),
        ("(a + b) * c", "({(a + b)} * c)"),
        ("-a + -2 EUR", "((- a) + (- 2[EUR]))"),
        ("- - a", "(- (- a))"),
        ("98% of plan + 1", "((98[%] of plan) + 1)"),
        ("25 EUR per lead", "25[EUR per lead]"),
        ("5  EUR   per  lead", "5[EUR per lead]"),
        ("5EUR", "5[EUR]"),
        ("4 %", "4[%]"),
        ("3 per day", "3[per day]"),
        ("2_500.50 EUR / 3 year", "(2_500.50[EUR] / 3[year])"),
        ("5 EUR and b", "(5[EUR] and b)"),
        ("a = 1 or b = 2 and not c = 3", "((a = 1) or ((b = 2) and (not (c = 3))))"),
        ("not not a", "(not (not a))"),
        ("not(a)", "(not {a})"),
        ("a between 1 and 2 and b", "((a within 1 .. 2) and b)"),
        ("a not between 1 EUR and 2 EUR", "(a outside 1[EUR] .. 2[EUR])"),
        ("a in (1, 2) or b not  in (c)", "((a in 1, 2) or (b not in c))"),
        ("a is missing and b is not missing", "((a missing) and (b present))"),
        ("sum(a) where b = 1 default 0", "((sum(a) where (b = 1)) default 0)"),
        ("when a > 1 then b otherwise c", "[(a > 1) -> b; c]"),
        ("when a then 1 when b then 2", "[a -> 1; b -> 2; nothing]"),
        ("when a then sum(x) where y otherwise 0", "[a -> (sum(x) where y); 0]"),
        ("2 * (when a then b otherwise c)", "(2 * {[a -> b; c]})"),
        ("count()", "count()"),
        ("count distinct(crm.contact)", "count distinct(crm.contact)"),
        ("weighted   average(score by visits)", "weighted average(score by visits)"),
        ("percentile(a, 0.9) / max(b)", "(percentile(a, 0.9) / max(b))"),
        ("share(crm where pages > 3)", "share((crm where (pages > 3)))"),
        ("a >= 2026-01-01", "(a >= <2026-01-01>)"),
        ("a = FY2026-Q1", "(a = <FY2026-Q1>)"),
        ("a != \"x\"", "(a != 'x')"),
        (r'"say \"hi\" \\ \n"', r"""'say "hi" \\ \\n'"""),
        ("anything(a)", "anything(a)"),
        ("(a\n  + b\n)", "{(a + b)}"),
        ("sum(a # why\n , b)", "sum(a, b)"),
    ],
)
def test_means(text: str, meaning: str) -> None:
    found = expression(text)
    assert shape(found) == meaning
    assert found.span.text == text


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("a < b < c", "K121", "<"),
        ("a = 1 between 2 and 3", "K121", "between"),
        ("a between 2", "K121", "2"),
        ("2 * when a then b", "K121", "when"),
        ("when a", "K121", "a"),
        ("a otherwise b", "K121", "otherwise"),
        ("a + not b", "K121", "not"),
        ("a where b where c", "K121", "where"),
        ("a default b", "K121", "b"),
        ("a default 0 + 1", "K121", "+"),
        ("2026-Q5", "K119", "2026-Q5"),
        ("a +", "K100", "+"),
        ("", "K100", ""),
        ("(a", "K111", "("),
        ("a)", "K112", ")"),
        ("(" * 101 + "a" + ")" * 101, "K122", "("),
        ("+".join("a" * 1000), "K122", "+".join("a" * 1000)),
        ("- " * 500 + "a", "K122", "- " * 500 + "a"),
        ("when a then " * 500 + "b", "K121", "when"),
    ],
)
def test_refused(text: str, code: str, at: str) -> None:
    report = Report()
    assert parse_expression(Source("<prompt>", text), report) is None
    (fault,) = report.items
    assert fault.code == code
    assert fault.span is not None
    assert fault.span.text == at


def test_as_deep_as_is_read() -> None:
    assert shape(expression("(" * 100 + "a" + ")" * 100)).startswith("{" * 100)
    assert shape(expression("+".join("a" * 100))).endswith(" + a)")

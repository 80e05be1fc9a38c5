"""Guesses about data files, tried on the whole of them and written as a spec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import evolve, frozen

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.cells import Writing
from kpidsl.evaluate.quote import name as quoted
from kpidsl.evaluate.session import Session
from kpidsl.model.periods import Calendar
from kpidsl.model.sources import ColumnSpec, Files, SourceSpec
from kpidsl.model.types import UNKNOWN, Type
from kpidsl.sniff.guess import (
    REPORTED,
    Guess,
    channel_column,
    dates_of,
    guess,
    missing_words,
    singular,
    time_column,
    word,
    writing_of,
)
from kpidsl.sniff.sample import NOWHERE, Sample, samples

_COLUMN = 14
"""Where the formatter puts values: two spaces, a word of at most eleven, one space."""


@frozen
class Draft:
    """A source to be: where it is, what its columns are, and remarks on what could be otherwise."""

    name: str
    pattern: str
    sample: Sample
    writing: Writing
    columns: dict[str, Guess]
    time: str | None
    channel: str | None
    thing: str
    key: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    """Target and column."""
    remarks: tuple[str, ...] = ()


@frozen
class Sniffed:
    """The text of a spec, and the files of which nothing could be made."""

    text: str
    problems: tuple[Diagnostic, ...]


def sniff(files: Iterable[Path], root: Path) -> Sniffed:
    """A spec in the project's folder that reads these files (all below it), and a first KPI over them."""
    drafts: list[Draft] = []
    problems: list[Diagnostic] = []
    seen: set[str] = set()
    for file in sorted(file.resolve() for file in files):
        if (pattern := _pattern(file, root)) in seen:
            continue  # another part of a table that was looked at
        seen.add(pattern)
        found = samples(file, root)
        if isinstance(found, Diagnostic):
            problems.append(found)
            continue
        drafts += [_draft(sample, pattern) for sample in found]
    kept: list[Draft] = []
    for draft in _distinct(drafts):
        tried = _tried(draft, root)
        if isinstance(tried, Diagnostic):
            problems.append(tried)
        else:
            kept.append(tried)
    linked = _linked(kept)
    parts = [_source_text(draft) for draft in linked]
    parts += [text for text in (_kpi_text(linked),) if text]
    return Sniffed("\n".join(parts), tuple(problems))


def _draft(sample: Sample, pattern: str) -> Draft:
    texts = [sample.values(i) for i in range(len(sample.header))]
    missing, dash = missing_words(texts) if not sample.types else ((), None)
    texts = [[value for value in values if value not in missing] for values in texts]
    typed = (
        bool(sample.types)
        or sample.sheet is not None
        or sample.file.suffix.lower() in (".jsonl", ".ndjson", ".json")
    )
    writing, remark = writing_of(texts, sample.separator) if sample.separator else (Writing(), None)
    dates, other = (
        (None, None) if sample.types else dates_of(texts, writing.decimal == "," or sample.separator == ";")
    )
    writing = evolve(writing, dates=dates, missing=missing)
    if not typed and writing.decimal == "," and not _uses_comma(texts, writing):
        writing = evolve(writing, decimal=".")
    parts = Path(pattern)
    stem = (parts.parent.name or "data") if parts.stem == "*" else parts.stem
    title = word(f"{stem} {sample.sheet}" if sample.sheet else stem)
    thing = singular(title)
    columns = {
        header: guess(header, values, writing, thing)
        for header, values in zip(sample.header, texts, strict=True)
        if header and "`" not in header and sample.header.count(header) == 1
    }
    for header, found in sample.types.items():
        if found == "BOOLEAN" and header in columns:
            columns[header] = Guess("flag")
    remarks = tuple(each for each in (remark, other, dash) if each)
    return Draft(
        title,
        pattern,
        sample,
        writing,
        columns,
        time_column(columns),
        channel_column(columns),
        thing,
        remarks=remarks,
    )


def _uses_comma(texts: Sequence[Sequence[str]], writing: Writing) -> bool:
    return writing.thousands is not None or any("," in value for values in texts for value in values)


def _pattern(file: Path, root: Path) -> str:
    """The file, or all files beside it if they are numbered or dated parts: one suffix, one shape of name."""
    path = file.relative_to(root.resolve())
    shapes = {re.sub(r"\d+", "0", each.stem) for each in file.parent.glob(f"*{file.suffix}")}
    parts = len(shapes) == 1 and shapes != {file.stem} and len([*file.parent.glob(f"*{file.suffix}")]) > 1
    return (path.parent / f"*{path.suffix}" if parts else path).as_posix()


def _distinct(drafts: Sequence[Draft]) -> list[Draft]:
    """Names that would repeat get a number."""
    taken: set[str] = set()
    found = []
    for draft in drafts:
        name, n = draft.name, 2
        while name in taken:
            name, n = f"{draft.name}_{n}", n + 1
        taken.add(name)
        found.append(evolve(draft, name=name))
    return found


# -- trying it on the whole file -------------------------------------------------------------------


def _tried(draft: Draft, root: Path) -> Draft | Diagnostic:
    """The draft with each column that not every row bears out made text, and with the key that is unique."""
    for _ in range(len(draft.columns) + 1):
        spec = _spec(draft)
        with Session(root, Calendar(), (spec,)) as session:
            attached = session.attach(spec)
            if attached.failure:
                return attached.failure
            doubtful = {*attached.broken, *(_column_of(p) for p in attached.problems)} & {*draft.columns}
            if not doubtful:
                key = _key(session, attached.view, draft)
                return evolve(draft, key=key)
        draft = _as_text(draft, doubtful)
    return draft


def _column_of(problem: Diagnostic) -> str:
    found = re.search(r'column "(.*)"$', problem.place or "")
    return found[1] if found else ""


def _as_text(draft: Draft, names: set[str]) -> Draft:
    columns = {
        title: Guess("text", remark=f"not every cell is {each.words}") if title in names else each
        for title, each in draft.columns.items()
    }
    return evolve(draft, columns=columns, time=time_column(columns), channel=channel_column(columns))


def _key(session: Session, relation: str, draft: Draft) -> str | None:
    """The first identity that no two rows share."""
    identities = [title for title, each in draft.columns.items() if each.kind == "identity"]
    own = [t for t in identities if draft.columns[t].thing == draft.thing]
    for title in [*own, *(t for t in identities if t not in own)]:
        column = quoted(title)
        counts = session.fetch(f"SELECT count(*) AS n, count(DISTINCT {column}) AS d FROM {quoted(relation)}")
        if counts["n"][0] == counts["d"][0] and counts["n"][0]:
            return title
    return None


def _spec(draft: Draft) -> SourceSpec:
    sample, writing = draft.sample, draft.writing
    origin = Files(
        draft.pattern, ".", sample.separator, writing.decimal if writing.decimal != "." else None,
        writing.thousands, writing.dates, sample.encoding, sample.sheet, missing=writing.missing,
    )  # fmt: skip
    roles = {draft.time: Type("time"), draft.channel: UNKNOWN}
    columns = tuple(
        ColumnSpec(title, roles.get(title) or Type(each.kind, each.unit, each.thing), NOWHERE)  # type: ignore[arg-type]
        for title, each in draft.columns.items()
    )
    return SourceSpec(
        draft.name,
        None,
        origin,
        columns,
        draft.time,
        draft.channel,
        (),
        draft.thing,
        (),
        None,
        None,
        (),
        NOWHERE,
    )


def _linked(drafts: Sequence[Draft]) -> list[Draft]:
    """A column that is the key of another source leads there; never back to where a link came from."""
    keys = {draft.key: draft.name for draft in drafts if draft.key}
    pairs: set[tuple[str, str]] = set()
    found = []
    for draft in drafts:
        links = []
        for title in draft.columns:
            target = keys.get(title)
            if target and target != draft.name and title != draft.key and (target, draft.name) not in pairs:
                pairs.add((draft.name, target))
                links.append((target, title))
        found.append(evolve(draft, links=tuple(links)))
    return found


# -- the text --------------------------------------------------------------------------------------


def _source_text(draft: Draft) -> str:
    lines = [f"# {remark}" for remark in draft.remarks]
    lines += [f"source {draft.name}", _clause("from", _from(draft))]
    if not _is_report(draft):
        lines.append(_clause("row", draft.thing))
    if draft.time:
        lines.append(_clause("time", _named(draft.time)))
    if draft.channel:
        lines.append(_clause("channel", _named(draft.channel)))
    lines += [_clause("belongs to", f"{target} by {_named(column)}") for target, column in draft.links]
    roles = {draft.time, draft.channel, draft.key, *(column for _, column in draft.links)}
    for title, each in draft.columns.items():
        if title not in roles:
            remark = f"  # {each.remark}" if each.remark else ""
            lines.append(_clause("column", f"{_named(title)} {each.words}{remark}"))
    if draft.key:
        lines.append(_clause("key", _named(draft.key)))
    if not draft.time:
        lines.append("  # no column holds days: nothing can be measured by period from here")
    return "\n".join(lines) + "\n"


def _is_report(draft: Draft) -> bool:
    """Rows that count clicks, views or sessions sum things up; none of them is a thing."""
    return not draft.key and any(str(each.unit) in REPORTED for each in draft.columns.values())


def _from(draft: Draft) -> str:
    sample, writing = draft.sample, draft.writing
    words = [_text(draft.pattern)]
    if sample.separator not in (None, ","):
        words.append(f"separated by {_text('tab' if sample.separator == chr(9) else sample.separator or '')}")
    if writing.decimal != ".":
        words.append(f"decimal {_text(writing.decimal)}")
    if writing.thousands:
        words.append(f"thousands {_text(writing.thousands)}")
    if writing.dates:
        words.append(f"dates {_text(writing.dates)}")
    if sample.encoding:
        words.append(f"encoding {_text(sample.encoding)}")
    if sample.sheet:
        words.append(f"sheet {_text(sample.sheet)}")
    words += [f"missing {_text(word)}" for word in writing.missing]
    return " ".join(words)


def _kpi_text(drafts: Sequence[Draft]) -> str | None:
    """A first KPI: the money of a source with a time, else the number of its rows."""
    timed = [draft for draft in drafts if draft.time]
    for draft in timed:
        for title, each in draft.columns.items():
            if each.kind == "number" and each.unit.powers:
                total = f"sum({draft.name}.{_named(title)})"
                bare = re.sub(rf"\W*\b{each.unit}\b\W*", " ", title).strip() or title
                return _kpi(f"total_{word(bare)}", total, str(each.unit), draft)
    if timed:
        unit = "row" if _is_report(timed[0]) else timed[0].thing
        return _kpi(f"number_of_{timed[0].name}", f"count({timed[0].name})", unit, timed[0])
    return None


def _kpi(name: str, formula: str, unit: str, draft: Draft) -> str:
    title = name.replace("_", " ").capitalize()
    lines = [
        f"# A first KPI. A target and a deadline make it a promise: `target at least 1_000 {unit}`.",
        f'kpi {name} "{title}"',
        _clause("formula", formula),
        _clause("unit", unit),
        _clause("measured", "every month"),
    ]
    lines += [_clause("by", "channel")] if draft.channel else []
    return "\n".join(lines) + "\n"


def _clause(head: str, value: str) -> str:
    return f"  {head} ".ljust(_COLUMN) + value


def _named(title: str) -> str:
    return title if re.fullmatch(r"[^\W\d]\w*", title) else f"`{title}`"


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

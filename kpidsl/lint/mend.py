"""Apply fixes. A safe one keeps the meaning or is surely what was meant, and it is held to that: the
project is compiled with it, and one that changes what any KPI computes or promises is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import define, evolve, field, frozen

from kpidsl.compiled import compile_sources
from kpidsl.diagnostics import Diagnostic, Edit, Severity, Source
from kpidsl.lint.meaning import Meaning, meaning_of
from kpidsl.records import Record
from kpidsl.specs import Specs

_ROUNDS = 20
"""Of a definition that cannot be read one fault is told at a time, so mending takes several looks."""


@frozen(repr=False)
class Mended(Record):
    """Texts with fixes applied, the findings that are mended by that, and the fixes that were refused."""

    texts: Mapping[str, str]
    """Only of the files that changed."""
    mended: tuple[Diagnostic, ...]
    refused: tuple[Diagnostic, ...]


def mend(specs: Specs, look: Callable[[Specs], Sequence[Diagnostic]], *, unsafe: bool = False) -> Mended:
    """Apply the fixes of what `look` finds in a project, look again, and go on until nothing is left to
    mend."""
    work = _Work(specs, {source.name: source.text for source in specs.sources})
    mended: list[Diagnostic] = []
    refused: list[Diagnostic] = []
    for _ in range(_ROUNDS):
        marked = {_mark(one) for one in refused}
        fixes = [
            one for one in _apart(look(work.specs), unsafe, work.specs.sources) if _mark(one) not in marked
        ]
        accepted = work.settle(fixes)
        refused += [one for one in fixes if one not in accepted]
        if not accepted:
            break
        work.accept(accepted)
        mended += accepted
    before = {source.name: source.text for source in specs.sources}
    texts = {name: text for name, text in work.texts.items() if text != before[name]}
    return Mended(texts, tuple(mended), tuple(map(_refusal, refused)))


def _mark(finding: Diagnostic) -> tuple[str, str]:
    return finding.code, finding.span.text if finding.span else finding.message


def _refusal(finding: Diagnostic) -> Diagnostic:
    title = finding.fix.title if finding.fix else ""
    return Diagnostic(
        "K784",
        f"`{title}` is left out: it would change what is computed or promised",
        finding.span,
        Severity.WARNING,
        notes=(f"{finding.rule or finding.code}: {finding.message}",),
        help="what is right here, only its author can say",
        kpi=finding.kpi,
    )


def _apart(findings: Sequence[Diagnostic], unsafe: bool, sources: Sequence[Source]) -> list[Diagnostic]:
    """The findings with a fix that is asked for, in these texts and clear of each other, the first first."""
    taken: list[Edit] = []
    found = []
    for one in findings:
        if one.fix is None or not (one.fix.safe or unsafe):
            continue
        edits = one.fix.edits
        ours = all(any(edit.span.source is source for source in sources) for edit in edits)
        if ours and not any(_meet(edit, other) for edit in edits for other in taken):
            taken += edits
            found.append(one)
    return found


def _meet(a: Edit, b: Edit) -> bool:
    """Whether two edits touch the same characters, or the same place."""
    if a.span.source is not b.span.source:
        return False
    return a.span.start <= b.span.end and b.span.start <= a.span.end


@define(repr=False, eq=False)
class _Work(Record):
    """The texts as they are by now."""

    specs: Specs
    texts: dict[str, str]
    meaning: Meaning = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.meaning = meaning_of(self.specs.graph, self.specs.diagnostics)

    def settle(self, fixes: Sequence[Diagnostic]) -> list[Diagnostic]:
        """The fixes that may be applied: all of them, or those of either half that may; safe ones first."""
        safe = self._settle([one for one in fixes if one.fix and one.fix.safe], [])
        return [*safe, *self._settle([one for one in fixes if one.fix and not one.fix.safe], safe)]

    def _settle(self, fixes: list[Diagnostic], before: list[Diagnostic]) -> list[Diagnostic]:
        """Those of some fixes that keep the meaning, applied on top of others that do."""
        if not fixes or self._sound([*before, *fixes]):
            return fixes
        if len(fixes) == 1:
            return []
        half = len(fixes) // 2
        first = self._settle(fixes[:half], before)
        return [*first, *self._settle(fixes[half:], [*before, *first])]

    def _sound(self, fixes: list[Diagnostic]) -> bool:
        """Whether the project with these fixes means what it did. Unsafe ones may change it, and may not
        break it."""
        after = self._compiled(_applied(self.texts, fixes))
        if all(one.fix is not None and one.fix.safe for one in fixes):
            return self.meaning.kept_by(after)
        return after.errors <= self.meaning.errors

    def _compiled(self, texts: Mapping[str, str]) -> Meaning:
        result = compile_sources([Source(name, text) for name, text in texts.items()], self.specs.config.root)
        return meaning_of(result.compiled.graph, result.diagnostics)

    def accept(self, fixes: Sequence[Diagnostic]) -> None:
        """Apply fixes that were settled."""
        self.texts = _applied(self.texts, fixes)
        sources = [Source(name, text) for name, text in self.texts.items()]
        result = compile_sources(sources, self.specs.config.root)
        self.meaning = meaning_of(result.compiled.graph, result.diagnostics)
        self.specs = evolve(
            self.specs,
            sources=result.sources,
            diagnostics=result.diagnostics,
            compile=lambda: result.compiled,
            parse=lambda: result.files,
        )


def _applied(texts: Mapping[str, str], fixes: Sequence[Diagnostic]) -> dict[str, str]:
    """The texts with all edits of some fixes, from the last place to the first."""
    edits = [edit for one in fixes if one.fix for edit in one.fix.edits]
    edits.sort(key=lambda edit: (edit.span.start, edit.span.end))
    found = dict(texts)
    for edit in reversed(edits):
        name, text = edit.span.source.name, found[edit.span.source.name]
        found[name] = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return found

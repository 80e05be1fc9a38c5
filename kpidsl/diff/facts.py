"""A definition as facts, one for each thing that it says, so that two are compared fact by fact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from attrs import field, frozen

from kpidsl.compile.meaning import Meaning, of_graph
from kpidsl.diff.changes import Category
from kpidsl.graph import Constant, Graph, Node
from kpidsl.model.units import Unit, format_value
from kpidsl.render import words
from kpidsl.render.words import Leaf


@frozen(eq=False)
class View:
    """A compiled project as it is compared: with what writes its canonical texts, and its words."""

    graph: Graph
    meaning: Meaning
    leaf: Leaf
    base: Path
    """What paths of files are told from."""
    kpis: Mapping[str, str] = field(factory=dict)
    """Old names of KPIs to their new ones."""
    sources: Mapping[str, str] = field(factory=dict)

    def formula(self, node: Node) -> str:
        """A node as a spec would write it; a measure by its name."""
        return words.formula(node, self.leaf, top=False)


def view(graph: Graph, base: Path, sources: Mapping[str, str], kpis: Mapping[str, str]) -> View:
    """A project, with the names that sources and KPIs have on the other side."""
    leaf = words.names({name: measure.node for name, measure in graph.measures.items()})
    return View(graph, of_graph(graph, sources), leaf, base, kpis, sources)


@frozen(eq=False)
class Fact:
    """One thing that a definition says."""

    meant: str
    """Canonical: equal if and only if the same is meant."""
    said: str
    category: Category
    value: object = None
    """What says in which direction a change goes."""
    weighs: bool = True
    """Whether a change breaks something, if its category does."""


Facts = dict[str, Fact]
"""By aspect; what is not said is not there."""


def text(value: str | None, aspect: str) -> Facts:
    """A text for people, if there is one."""
    return {} if value is None else {aspect: Fact(value, f'"{_short(value)}"', Category.DOC)}


def word(value: object, aspect: str, category: Category, said: str | None = None) -> Facts:
    """Something that is said in a word or a number, if it is said."""
    return {} if value is None else {aspect: Fact(str(value), said or str(value), category, value)}


def amount(node: Node, unit: Unit, view: View) -> str:
    """What is promised, in numbers or as a formula."""
    return number(node.value, unit) if isinstance(node, Constant) else view.formula(node)


def number(value: float, unit: Unit) -> str:
    """A number as a person reads it, with all the digits that it has."""
    said = format_value(value, unit)
    exact = float(f"{value if unit.style == 'plain' else value * 100:.12g}")
    shown = said.partition(" ")[0].rstrip("%").replace(",", "")
    try:
        return said if float(shown) == exact else words.literal_number(value, unit)
    except ValueError:
        return words.literal_number(value, unit)


def day(value: date | None, aspect: str, category: Category) -> Facts:
    """A day, if it is said."""
    return {} if value is None else {aspect: Fact(value.isoformat(), value.isoformat(), category, value)}


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= 60 else f"{line[:59].rstrip()}…"

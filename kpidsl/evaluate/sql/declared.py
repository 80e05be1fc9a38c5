"""A table as its source declares it, where nothing has been looked at."""

from __future__ import annotations

from kpidsl.evaluate.cells import scale_of
from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.sql.spelling import say
from kpidsl.evaluate.sql.trees import SQL, Tree, aliased, cast, column, integer, literal, select, stored, when
from kpidsl.evaluate.sql.ways import over
from kpidsl.model.sources import ColumnSpec, SourceSpec, Table


def declared_tree(spec: SourceSpec, dialect: Dialect) -> Tree:
    """A SELECT of the declared columns: numbers finite, percents as fractions, texts as texts.

    Days, moments and flags are taken to be what is declared, and moments to be local. The rows of files are
    taken to be in a table that is called as the source is.
    """
    parts = tuple(spec.origin.name.split(".")) if isinstance(spec.origin, Table) else (spec.name,)
    columns = [aliased(_value(c, dialect), c.name) for c in spec.columns if c.value is None]
    return select(columns or [aliased(integer(1), "f")], stored(parts))


def kinds_of(spec: SourceSpec) -> dict[str, str]:
    """The kinds of the declared columns. A time of which no more is said counts as a moment."""
    known = {"identity": "text", "time": "moment"}
    return {c.name: known.get(c.type.kind, c.type.kind) for c in spec.columns if c.value is None}


def _value(spec: ColumnSpec, dialect: Dialect) -> SQL:
    raw = column(spec.name)
    match spec.type.kind:
        case "number":
            value = cast(raw, "DOUBLE")
            finite = when(say("finite", dialect, value), say("one zero", dialect, value.copy()))
            scale = scale_of(spec.type.unit)
            return finite if scale == 1 else over(finite, literal(float(scale), dialect))
        case "text" | "identity":
            return cast(raw, "VARCHAR", dialect)
        case _:
            return raw

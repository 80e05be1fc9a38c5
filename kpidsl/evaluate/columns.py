"""Declared columns against the columns that the data has, by name and by type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from kpidsl.diagnostics import Diagnostic, near
from kpidsl.evaluate import cells
from kpidsl.evaluate.cells import Writing
from kpidsl.evaluate.quote import literal, name
from kpidsl.model.sources import ColumnSpec, SourceSpec

_INTEGERS = frozenset(
    "TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT".split()
)
_FLOATS = frozenset(("FLOAT", "DOUBLE"))


def match_header(
    fields: Sequence[str], columns: Sequence[ColumnSpec], place: str, spec: SourceSpec
) -> tuple[dict[str, int], dict[str, Diagnostic]]:
    """The position of each declared column; one that is not there exactly once has a diagnostic."""
    places: dict[str, int] = {}
    broken: dict[str, Diagnostic] = {}
    for column in columns:
        match [i for i, field in enumerate(fields) if field == column.name]:
            case [only]:
                places[column.name] = only
            case []:
                broken[column.name] = missing_column(column, fields, place)
            case several:
                positions = " and ".join(str(i + 1) for i in several)
                broken[column.name] = Diagnostic(
                    "K506",
                    f"the header has `{column.name}` {len(several)} times",
                    column.span,
                    notes=(f"columns {positions} are called so",),
                    help="which of them is meant cannot be told; one has to be renamed in the data",
                    place=f"{place}:1",
                )
    return places, broken


def missing_column(column: ColumnSpec, fields: Sequence[str], place: str) -> Diagnostic:
    """What the data has instead; a difference in case or blanks only is said to be that."""
    same = [field for field in fields if _folded(field) == _folded(column.name)]
    notes = [
        f"the data has `{field}`, which differs in {_difference(field, column.name)} only" for field in same
    ]
    if not same and (alike := near(column.name, fields)):
        notes.append("a similar name: " + ", ".join(f"`{field}`" for field in alike))
    shown = ", ".join(f"`{field}`" for field in fields[:20]) + (
        f" and {len(fields) - 20} more" if len(fields) > 20 else ""
    )
    notes.append(f"columns of the data: {shown}")
    exact = "`" + same[0] + "`" if same else None
    return Diagnostic(
        "K505",
        f"the data has no column `{column.name}`",
        column.span,
        notes=tuple(notes),
        help=f"the name as it stands in the data: {exact}" if exact else None,
        place=place,
    )


def _folded(text: str) -> str:
    return " ".join(text.replace("\ufeff", "").replace("\u00a0", " ").split()).casefold()


def _difference(found: str, wanted: str) -> str:
    return (
        "upper and lower case"
        if found.strip().casefold() == wanted.casefold() and found.strip() != wanted
        else "blanks"
    )


# -- columns that come with a type --------------------------------------------------------------------------


@frozen
class Expression:
    """How a typed column is read: SQL, its kind, and the SQL of the cells to verify if it holds text."""

    sql: str
    kind: str
    text: str | None = None


def expression(column: ColumnSpec, found: str, writing: Writing) -> Expression | None:
    """From the DuckDB type of a column to the declared kind; None if it cannot be what is declared."""
    raw, base = name(column.name), found.split("(")[0]
    if base == "VARCHAR" or found.startswith("ENUM"):
        return _from_text(column, raw if base == "VARCHAR" else f"CAST({raw} AS VARCHAR)", writing)
    day, moment = _local(raw, found, writing)
    scale = cells.scale_of(column.type.unit)
    match column.type.kind:
        case "number" if base in _INTEGERS or base in _FLOATS or base in ("DECIMAL", "BOOLEAN"):
            value = raw if base == "DOUBLE" else f"CAST({raw} AS DOUBLE)"
            value = f"(CASE WHEN isfinite({value}) THEN {value} END)" if base in _FLOATS else value
            return Expression(value if scale == 1 else f"({value} / {scale})", "number")
        case "text" | "identity":
            return Expression(_as_text(raw, base), "text")
        case "day" if day:
            return Expression(day, "day")
        case "moment" if moment:
            return Expression(moment, "moment")
        case "time" if day and moment:
            return Expression(day, "day") if found == "DATE" else Expression(moment, "moment")
        case "flag" if base == "BOOLEAN":
            return Expression(raw, "flag")
        case "flag" if base in _INTEGERS:
            return Expression(cells.flag(f"CAST({raw} AS VARCHAR)"), "flag", f"CAST({raw} AS VARCHAR)")
        case "unknown":
            return _as_found(raw, found, base, day, moment)
        case _:
            return None


def _from_text(column: ColumnSpec, raw: str, writing: Writing) -> Expression:
    text = f"CASE WHEN {cells.present(raw, writing)} THEN {raw} END"
    raw = text if writing.missing else raw
    match column.type.kind:
        case "text" | "identity" | "unknown":
            return Expression(raw, "text")
        case "time":
            return Expression(cells.moment(raw, writing), "moment", text)
        case kind:
            return Expression(cells.typed(kind, raw, column.type.unit, writing), kind, text)


def _local(raw: str, found: str, writing: Writing) -> tuple[str | None, str | None]:
    """As a day and as a moment in the calendar's zone."""
    match found:
        case "DATE":
            return raw, f"CAST({raw} AS TIMESTAMP)"
        case "TIMESTAMP":
            return f"CAST({raw} AS DATE)", raw
        case "TIMESTAMP_NS" | "TIMESTAMP_MS" | "TIMESTAMP_S":
            return f"CAST({raw} AS DATE)", f"CAST({raw} AS TIMESTAMP)"
        case "TIMESTAMP WITH TIME ZONE":
            local = f"timezone({literal(writing.zone)}, {raw})"
            return f"CAST({local} AS DATE)", local
        case _:
            return None, None


def _as_text(raw: str, base: str) -> str:
    if base in _FLOATS:  # an identity that passed through a float reads 17, not 17.0
        return f"regexp_replace(CAST({raw} AS VARCHAR), '\\.0$', '')"
    return f"CAST({raw} AS VARCHAR)"


def _as_found(raw: str, found: str, base: str, day: str | None, moment: str | None) -> Expression:
    if day and moment:
        return Expression(day, "day") if found == "DATE" else Expression(moment, "moment")
    if base in _INTEGERS:
        return Expression(raw, "number")
    if base in _FLOATS or base == "DECIMAL":
        return Expression(f"CAST({raw} AS DOUBLE)", "number")
    return Expression(raw, "flag") if base == "BOOLEAN" else Expression(f"CAST({raw} AS VARCHAR)", "text")


def wrong_type(column: ColumnSpec, found: str, place: str) -> Diagnostic:
    """A typed column that cannot hold what is declared."""
    holds = _WORDS.get(found.split("(")[0], found)
    return Diagnostic(
        "K518",
        f"`{column.name}` is declared {_declared(column)}, the data has {holds} there",
        column.span,
        place=f'{place}, column "{column.name}"',
    )


_WORDS: Mapping[str, str] = {
    "DATE": "days", "TIMESTAMP": "moments", "TIMESTAMP WITH TIME ZONE": "moments", "BOOLEAN": "flags",
    "VARCHAR": "text", "DOUBLE": "numbers", "FLOAT": "numbers", "DECIMAL": "numbers",
    **dict.fromkeys(_INTEGERS, "whole numbers"),
}  # fmt: skip


def _declared(column: ColumnSpec) -> str:
    unit = str(column.type.unit)
    match column.type.kind:
        case "number":
            return f"in {unit}" if unit else "number"
        case "time":
            return "as the time"
        case kind:
            return kind

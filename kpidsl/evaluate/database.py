"""Tables of DuckDB database files, attached read-only: of a file below the project, or of a connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb

from kpidsl.diagnostics import Diagnostic, Span, near
from kpidsl.evaluate.columns import missing_column
from kpidsl.evaluate.connections import DRIVERS, scheme_of
from kpidsl.evaluate.delimited import first_line
from kpidsl.evaluate.files import DataFile, Found
from kpidsl.evaluate.quote import literal, name
from kpidsl.evaluate.tables import Read, Reading, Typed, Unreadable
from kpidsl.model.sources import Table

_KNOWN = frozenset(
    "mysql mariadb sqlite mssql oracle snowflake bigquery redshift databricks clickhouse"
    " http https s3".split()
)


def find(origin: Table, connections: Mapping[str, str | Diagnostic], root: Path, span: Span | None) -> Found:
    """The database of a connection: a file, or what is reached by a driver. Its URL is the config's word: it
    may be anywhere."""
    named = origin.connection or (next(iter(connections)) if len(connections) == 1 else None)
    if named is None or named not in connections:
        return Found(problem=_unknown(origin, connections, span))
    text = connections[named]
    if isinstance(text, Diagnostic):
        return Found(problem=text)
    if scheme_of(text) in DRIVERS:
        return Found(format="remote", connection=named)
    try:
        url = urlsplit(text)
        path = root / unquote(url.path).removeprefix("/")
        there = path.is_file()
    except (OSError, ValueError):
        url, there = urlsplit(""), False
    if url.scheme != "duckdb" or url.netloc:
        # Nothing else of a url is shown: any part of it may come from a secret.
        shown = f"`{url.scheme}:`, which" if url.scheme in _KNOWN else "of a kind that"
        return Found(
            problem=Diagnostic(
                "K516",
                f"connection `{named}` is {shown} cannot be read",
                span,
                help="connections that are read: `duckdb:///path/relative/to/the/project.duckdb`, "
                + ", ".join(f"`{scheme}:`" for scheme in DRIVERS),
                place=f"connection {named}",
            )
        )
    if not there:
        return Found(
            problem=Diagnostic(
                "K501",
                f"connection `{named}` is a file that does not exist",
                span,
                help="`duckdb:///sales.duckdb` is a file beside the config",
                place=f"connection {named}",
            )
        )
    return Found((DataFile(path.resolve(), f"connection {named}"),), "database")


def read(reading: Reading, table: str | None) -> Read:
    """One table of one database file."""
    file, span = reading.files[0], reading.spec.span
    if len(reading.files) > 1:
        return Unreadable(
            Diagnostic("K504", "the pattern matches several database files", span, place=file.shown)
        )
    alias = str(file.path)
    try:
        reading.connection.execute(
            f"ATTACH IF NOT EXISTS {literal(str(file.path))} AS {name(alias)} (READ_ONLY)"
        )
    except duckdb.Error as error:
        return Unreadable(_closed(file, str(error), span))
    known = _tables(reading, alias)
    match [names for names in known if table in (".".join(names), names[1])]:
        case [(schema, title)]:
            relation = ".".join(name(part) for part in (alias, schema, title))
        case _:
            return Unreadable(_no_table(table, known, file, span))
    described = reading.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    types = {row[0]: row[1] for row in described}
    place = f"{file.shown}, table {table}"
    missing = {c.name: missing_column(c, tuple(types), place) for c in reading.columns if c.name not in types}
    return Typed(relation, types, place, broken=missing)


_LOCKED = ("set lock on file", "used by another process", "already attached")
_HOLDER = re.compile(
    r"(?:held|open) in\s+(?P<program>.*?)\s*\(?PID (?P<pid>\d+)\)?(?: by user (?P<user>\S+))?", re.S
)
"""How DuckDB says which process has a file, on Linux and macOS, and on Windows."""


def _closed(file: DataFile, said: str, span: Span | None) -> Diagnostic:
    """Why a file cannot be opened: another process has it, or it is no database."""
    said = said.replace(str(file.path), file.shown)
    if not any(words in said for words in _LOCKED):
        what = f"`{file.shown}` cannot be opened as a database"
        return Diagnostic("K513", what, span, notes=(first_line(said),), place=file.shown)
    return Diagnostic(
        "K503",
        f"`{file.shown}` is locked: {_holder(said)} has it open for writing",
        span,
        notes=("DuckDB lets one process write, or several read",),
        help="it can be read once that process has closed it; what is exported there with `COPY ... TO` can"
        " be read at once",
        place=file.shown,
    )


def _holder(said: str) -> str:
    """`python3.12 (process 4711 of ann)`, as far as it is told."""
    if "already attached" in said:
        return "this process"
    found = _HOLDER.search(said)
    if found is None or found["pid"] == "0":
        return "another process"
    program = re.split(r"[\\/]", found["program"])[-1]
    user = found["user"].rstrip(".") if found["user"] else ""
    of = f" of {user}" if user else ""
    process = f"process {found['pid']}{of}"
    return f"{program} ({process})" if program else process


def _tables(reading: Reading, alias: str) -> list[tuple[str, str]]:
    return reading.connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ? ORDER BY ALL",
        [alias],
    ).fetchall()


def _no_table(
    table: str | None, known: list[tuple[str, str]], file: DataFile, span: Span | None
) -> Diagnostic:
    shown = [title if schema == "main" else f"{schema}.{title}" for schema, title in known]
    notes = (
        ["tables of the database: " + ", ".join(f"`{each}`" for each in shown)]
        if shown
        else ["it has no tables"]
    )
    if table is None:
        message = f"`{file.shown}` is a database: a table has to be named"
    elif sum(title == table for _, title in known) > 1:
        message = f"`{file.shown}` has several tables `{table}`, in different schemas"
    else:
        message = f"`{file.shown}` has no table `{table}`"
        if alike := near(table, shown):
            notes.insert(0, "a similar name: " + ", ".join(f"`{each}`" for each in alike))
    example = shown[0] if shown else "shop.orders"
    return Diagnostic(
        "K517", message, span, notes=tuple(notes), help=f'as in `table "{example}"`', place=file.shown
    )


def _unknown(origin: Table, connections: Mapping[str, str | Diagnostic], span: Span | None) -> Diagnostic:
    if origin.connection is None:
        what = "several connections" if connections else "no connection"
        message = f"table `{origin.name}` is in none that is named, and the config has {what}"
    else:
        message = f"the config names no connection `{origin.connection}`"
    known = ", ".join(f"`{each}`" for each in connections)
    return Diagnostic(
        "K515",
        message,
        span,
        notes=(f"connections of the config: {known}",) if known else (),
        help=f'as in `from table "{origin.name}" in {next(iter(connections), "shop")}`',
    )

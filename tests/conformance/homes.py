"""Where rows live: the same Arrow table put into files, and into each engine, as its users would have it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, evolve, field

from kpidsl.evaluate.session import Session
from kpidsl.model.periods import Calendar
from kpidsl.model.sources import Files, Table

UTC = Calendar()


@define
class Home:
    """One engine with tables of the tests, below a folder of its own."""

    name: str
    folder: Path
    url: str = ""
    connections: dict[str, str] = field(factory=dict)

    def __attrs_post_init__(self):
        if self.url:
            self.connections["home"] = self.url

    def put(self, title, table, zone="UTC"):
        """Make a table; a name is used once. The zone is that of moments without one."""
        raise AssertionError(f"{type(self).__name__} makes no tables")

    def origin(self, title):
        return Table(title, "home")

    def source(self, title):
        """What stands behind `source NAME from` in a spec."""
        return f'table "{title}" in home'

    def session(self, specs, calendar=UTC, prefix="", **settings):
        """The session in which sources are read here, each from the table of its name behind the prefix."""
        placed = [self.placed(spec, prefix) for spec in specs.values()]
        return Session(self.folder, calendar, placed, self.connections, **settings)

    def placed(self, spec, prefix=""):
        """A source with its rows here, if they are rows of a table."""
        if not isinstance(spec.origin, Table):
            return spec
        return evolve(spec, origin=self.origin(prefix + spec.name))

    def close(self):
        pass


class ParquetFiles(Home):
    def put(self, title, table, zone="UTC"):
        pq.write_table(table, self.folder / f"{title}.parquet")

    def origin(self, title):
        return Files(f"{title}.parquet", "")

    def source(self, title):
        return f'"{title}.parquet"'


class DuckDB(Home):
    def put(self, title, table, zone="UTC"):
        with duckdb.connect(str(self.folder / "home.duckdb")) as connection:
            connection.register("incoming", table)
            connection.execute(f'CREATE TABLE "{title}" AS SELECT * FROM incoming')


@define
class Postgres(Home):
    connection: psycopg.Connection = None

    def put(self, title, table, zone="UTC"):
        columns = ", ".join(f'"{f.name}" {_postgres(f.type)}' for f in table.schema)
        self.connection.execute(f'CREATE TABLE "{title}" ({columns})')
        with self.connection.cursor() as cursor, cursor.copy(f'COPY "{title}" FROM STDIN') as copy:
            for row in table.to_pylist():
                copy.write_row(list(row.values()))


def _postgres(kind):
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    return {
        pa.float64(): "double precision",
        pa.float32(): "real",
        pa.int64(): "bigint",
        pa.int32(): "integer",
        pa.string(): "text",
        pa.date32(): "date",
        pa.bool_(): "boolean",
    }[kind]


class Spark(Home):
    def put(self, title, table, zone="UTC"):
        (self.folder / "warehouse" / title).mkdir(parents=True)
        pq.write_table(table, self.folder / "warehouse" / title / "part-0.parquet")


@define
class ClickHouse(Home):
    connection: object = None

    def put(self, title, table, zone="UTC"):
        path = self.folder / "incoming.parquet"
        for n, one in enumerate(table.schema):
            if pa.types.is_timestamp(one.type) and not one.type.tz:
                instants = pc.assume_timezone(table.column(n), zone, ambiguous="earliest")
                table = table.set_column(n, one.name, instants)
        pq.write_table(table, path)
        columns = ", ".join(f"`{f.name}` {_clickhouse(f.type)}" for f in table.schema)
        self.connection.query(f"CREATE TABLE `{title}` ({columns}) ENGINE = MergeTree ORDER BY tuple()")
        self.connection.query(f"INSERT INTO `{title}` SELECT * FROM file('{path}', 'Parquet')")


def _clickhouse(kind):
    if pa.types.is_decimal(kind):
        return f"Nullable(Decimal({kind.precision}, {kind.scale}))"
    if pa.types.is_timestamp(kind):
        # an instant there in any case
        return "Nullable(DateTime64(6, 'UTC'))"
    return {
        pa.float64(): "Nullable(Float64)",
        pa.float32(): "Nullable(Float32)",
        pa.int64(): "Nullable(Int64)",
        pa.int32(): "Nullable(Int32)",
        pa.string(): "Nullable(String)",
        pa.date32(): "Nullable(Date32)",
        pa.bool_(): "Nullable(Bool)",
    }[kind]

"""How each dialect says what they do not all say alike.

What an operation means is settled by DuckDB, the reference. `SPELLINGS` says for each dialect that differs
how it is reached there; `else` is for all others. Functions are written out by name, for sqlglot would print
some of them as others that only come near. What a dialect has no way to say is in `support.CANNOT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from kpidsl.evaluate.engine import Dialect
from kpidsl.evaluate.sql.support import refuse
from kpidsl.evaluate.sql.trees import SQL, call, cast, integer, literal, name, when
from kpidsl.evaluate.sql.ways import (
    Build,
    alone,
    bits,
    by_moment,
    calls,
    day_number,
    end_is,
    extract,
    finite,
    first_of_array,
    following,
    following_in_frame,
    formatted,
    formatted_after,
    formatted_java,
    from_array,
    half_away,
    has,
    in_unicode,
    number,
    number_in,
    of_several,
    ordered_set,
    over,
    parametric,
    paren,
    pick_bigquery,
    pick_trino,
    plain,
    plus,
    quantile,
    ranged,
    significant,
    squares,
    starts_backwards,
    trim,
    trim_by_pattern,
    weekday_from_sunday,
)


def say(operation: str, dialect: Dialect, *args: Any) -> SQL:
    """An operation on expressions, in a dialect. `Unsupported` where it has none that means the same.

    Arguments may stand in the result several times, each time copied.
    """
    refuse(operation, dialect)
    ways = SPELLINGS[operation]
    return (ways.get(dialect) or ways["else"])(*args)


SPELLINGS: Mapping[str, Mapping[str, Build]] = {
    # texts
    "lower": {"else": calls("LOWER"), "postgres": in_unicode("LOWER"), "clickhouse": calls("lowerUTF8")},
    "upper": {"else": calls("UPPER"), "postgres": in_unicode("UPPER"), "clickhouse": calls("upperUTF8")},
    "length": {"else": calls("LENGTH"), "clickhouse": calls("lengthUTF8")},
    "trim": {
        "else": trim("BTRIM"),
        "duckdb": calls("TRIM"),
        "clickhouse": trim_by_pattern("replaceRegexpAll"),
        "trino": trim_by_pattern("REGEXP_REPLACE"),
        "snowflake": trim("TRIM"),
        "bigquery": trim("TRIM"),
    },
    "contains": {
        "else": calls("CONTAINS"),
        "postgres": has("STRPOS"),
        "clickhouse": has("position"),
        "trino": has("STRPOS"),
        "bigquery": has("STRPOS"),
        "redshift": has("STRPOS"),
    },
    "starts with": {
        "else": calls("STARTS_WITH"),
        "spark": calls("STARTSWITH"),
        "databricks": calls("STARTSWITH"),
        "snowflake": calls("STARTSWITH"),
        "clickhouse": calls("startsWith"),
        "redshift": end_is("LEFT"),
    },
    "ends with": {
        "else": calls("ENDSWITH"),
        "duckdb": calls("SUFFIX"),
        "postgres": end_is("RIGHT"),
        "clickhouse": calls("endsWith"),
        "trino": starts_backwards,
        "bigquery": calls("ENDS_WITH"),
        "redshift": end_is("RIGHT"),
    },
    "number in": {
        "else": number_in,
        "duckdb": lambda x: exp.TryCast(this=x, to=exp.DataType(this=exp.DType.DOUBLE)),
    },
    "in binary order": {
        "else": lambda x: x,
        "postgres": lambda x: exp.Collate(this=paren(x), expression=name("C")),
    },
    # days
    "year": {
        "else": calls("YEAR"),
        "postgres": extract("YEAR"),
        "clickhouse": calls("toYear"),
        "bigquery": extract("YEAR"),
        "redshift": extract("YEAR"),
    },
    "month": {
        "else": calls("MONTH"),
        "postgres": extract("MONTH"),
        "clickhouse": calls("toMonth"),
        "bigquery": extract("MONTH"),
        "redshift": extract("MONTH"),
    },
    "day of month": {
        "else": calls("DAY"),
        "postgres": extract("DAY"),
        "clickhouse": calls("toDayOfMonth"),
        "bigquery": extract("DAY"),
        "redshift": extract("DAY"),
    },
    "hour": {
        "else": calls("HOUR"),
        "postgres": lambda x: extract("HOUR")(cast(x, "TIMESTAMP")),
        "clickhouse": calls("toHour"),
        "bigquery": lambda x: extract("HOUR")(cast(x, "TIMESTAMP")),
        "redshift": lambda x: extract("HOUR")(cast(x, "TIMESTAMP")),
        "trino": lambda x: call("HOUR", cast(x, "TIMESTAMP")),
    },
    "weekday": {
        "else": lambda x: plus(call("WEEKDAY", x), integer(1)),  # 0 is Monday
        "duckdb": calls("ISODOW"),
        "postgres": extract("ISODOW"),
        "clickhouse": calls("toDayOfWeek"),
        "trino": calls("DAY_OF_WEEK"),
        "snowflake": calls("DAYOFWEEKISO"),
        "bigquery": weekday_from_sunday("DAYOFWEEK", 1),
        "redshift": weekday_from_sunday("DOW", 0),
    },
    "days from to": {
        "else": lambda low, high: call("DATEDIFF", high, low),
        "duckdb": lambda low, high: exp.Sub(this=high, expression=low),
        "postgres": lambda low, high: exp.Sub(this=high, expression=low),
        "clickhouse": lambda low, high: call("dateDiff", literal("day"), low, high),
        "trino": lambda low, high: call("DATE_DIFF", literal("day"), low, high),
        "snowflake": day_number("DATEDIFF", "DAY"),
        "redshift": day_number("DATEDIFF", "DAY"),
        "bigquery": lambda low, high: call("DATE_DIFF", high, low, exp.var("DAY")),
    },
    # numbers
    "finite": {"else": finite, "duckdb": calls("ISFINITE"), "clickhouse": calls("isFinite")},
    "one zero": {
        "else": lambda x: x,
        "clickhouse": lambda x: plus(x, literal(0.0)),  # where -0 and 0 are two values of a DISTINCT
    },
    "round": {
        "else": half_away,
        "duckdb": lambda x, digits: call("ROUND", x, *([cast(literal(digits), "INT")] if digits else [])),
    },
    "whole quotient": {
        "else": over,
        "duckdb": lambda a, b: exp.IntDiv(this=a, expression=b),
        "spark": lambda a, b: exp.IntDiv(this=a, expression=b),
        "databricks": lambda a, b: exp.IntDiv(this=a, expression=b),
        "clickhouse": calls("intDiv"),
        "snowflake": lambda a, b: cast(call("FLOOR", over(a, b)), "BIGINT"),
        "bigquery": calls("DIV"),
    },
    "twelve digits": {
        "else": formatted("FORMAT", "%.11e"),
        "duckdb": formatted("PRINTF", "%.12g"),
        "clickhouse": formatted("printf", "%.11e"),
        "trino": formatted_java("FORMAT"),
        "spark": formatted_java("FORMAT_STRING"),
        "databricks": formatted_java("FORMAT_STRING"),
        "postgres": formatted_after("9.99999999999EEEE"),
        "snowflake": formatted_after("9.99999999999EEEE"),
        "redshift": significant,
    },
    "whole": {
        "else": lambda x: exp.EQ(this=x, expression=call("FLOOR", x.copy())),
        "duckdb": lambda x: exp.EQ(this=x, expression=call("TRUNC", x.copy())),
    },
    "decimal text": {
        "else": lambda x: cast(x, "VARCHAR"),
        # 12345678.5 would be 1.23456785E7
        "spark": plain,
        "databricks": plain,
        "trino": plain,
    },
    "day text": {
        "else": lambda x: cast(x, "VARCHAR"),
        "postgres": lambda x: call("TO_CHAR", x, literal("YYYY-MM-DD")),
        "snowflake": lambda x: call("TO_CHAR", x, literal("YYYY-MM-DD")),
        "redshift": lambda x: call("TO_CHAR", x, literal("YYYY-MM-DD")),
    },
    "flag text": {
        "else": lambda x: when(x, literal("true"), when(exp.Not(this=paren(x.copy())), literal("false"))),
        "duckdb": lambda x: cast(x, "VARCHAR"),
    },
    # aggregations
    "count if": {
        "else": lambda condition: exp.Count(this=when(condition, integer(1))),
        "duckdb": calls("COUNT_IF"),
    },
    "count distinct": {
        "else": lambda x: exp.Count(this=exp.Distinct(expressions=[x])),
        "clickhouse": calls("uniqExact"),  # what DISTINCT means there is a setting
    },
    "percentile": {
        "else": alone(ordered_set),
        "duckdb": quantile,
        "spark": alone(lambda x, share: call("PERCENTILE", x, number(share))),
        "databricks": alone(lambda x, share: call("PERCENTILE", x, number(share))),
        "clickhouse": alone(parametric),
        "trino": alone(from_array(pick_trino)),
        "bigquery": alone(from_array(pick_bigquery)),
    },
    "squares": {"else": squares("VAR_POP"), "clickhouse": squares("varPopStable")},
    "deviation": {"else": calls("STDDEV_SAMP"), "clickhouse": of_several("stddevSampStable")},
    "level at": {
        "else": by_moment("MIN_BY", "MAX_BY"),
        "duckdb": lambda value, moment, end: call("ARG_MAX" if end == "last" else "ARG_MIN", value, moment),
        "clickhouse": by_moment("argMin", "argMax"),
        "postgres": first_of_array,
    },
    "next": {"else": following, "clickhouse": following_in_frame},
    "smallest flag": {
        "else": lambda x: exp.Min(this=x),
        "postgres": calls("BOOL_AND"),
        "redshift": calls("BOOL_AND"),
        "snowflake": calls("BOOLAND_AGG"),
    },
    "any bit": {
        "else": calls("BIT_OR"),
        "clickhouse": calls("groupBitOr"),
        "trino": calls("BITWISE_OR_AGG"),
        "snowflake": calls("BITOR_AGG"),
    },
    "ranged": {"else": ranged},
    "grouping": {"else": bits, "duckdb": calls("GROUPING")},
}

-- clickhouse, as of 2026-04-01. No data was looked at: it is taken to reach from 2026-01-01 to then,
-- columns to hold what is declared, and times to be local. Files are taken to be tables.

-- orders: what adds up, by 19 spans of days, country
-- for kept, conversion_rate, touched_first, sales, rebates
SELECT
  "b",
  "d0",
  CAST(COUNT(*) AS Nullable(Float64)) AS "v0",
  CAST(COUNT(CASE WHEN "f2" THEN 1 END) AS Nullable(Float64)) AS "v1",
  CAST(SUM(CASE WHEN "f2" THEN "a3" END) AS Nullable(Float64)) AS "v2",
  CAST(COUNT("a4") AS Nullable(Float64)) AS "v3",
  CAST(AVG("a4") AS Nullable(Float64)) AS "v4",
  CAST(varPopStable("a4") * COUNT("a4") AS Nullable(Float64)) AS "v5",
  CAST(COUNT(CASE WHEN "f5" THEN 1 END) AS Nullable(Float64)) AS "v6",
  CAST(COUNT(CASE WHEN "f6" THEN 1 END) AS Nullable(Float64)) AS "v7"
FROM (
  SELECT
    CASE
      WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-02-16' AS Nullable(Date32))
      THEN CASE
        WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-01-26' AS Nullable(Date32))
        THEN CASE
          WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-01-12' AS Nullable(Date32))
          THEN CASE
            WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-01-05' AS Nullable(Date32))
            THEN 0
            ELSE 1
          END
          ELSE CASE
            WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-01-19' AS Nullable(Date32))
            THEN 2
            ELSE 3
          END
        END
        ELSE CASE
          WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-02-02' AS Nullable(Date32))
          THEN CASE
            WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-02-01' AS Nullable(Date32))
            THEN 4
            ELSE 5
          END
          ELSE CASE
            WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-02-08' AS Nullable(Date32))
            THEN 6
            ELSE CASE
              WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-02-09' AS Nullable(Date32))
              THEN 7
              ELSE 8
            END
          END
        END
      END
      ELSE CASE
        WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-03-09' AS Nullable(Date32))
        THEN CASE
          WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-03-01' AS Nullable(Date32))
          THEN CASE
            WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-02-23' AS Nullable(Date32))
            THEN 9
            ELSE 10
          END
          ELSE CASE
            WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-03-02' AS Nullable(Date32))
            THEN 11
            ELSE CASE
              WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-03-08' AS Nullable(Date32))
              THEN 12
              ELSE 13
            END
          END
        END
        ELSE CASE
          WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-03-23' AS Nullable(Date32))
          THEN CASE
            WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-03-16' AS Nullable(Date32))
            THEN 14
            ELSE 15
          END
          ELSE CASE
            WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-03-30' AS Nullable(Date32))
            THEN 16
            ELSE CASE
              WHEN CAST("t"."placed" AS Nullable(Date32)) < CAST('2026-04-01' AS Nullable(Date32))
              THEN 17
              ELSE 18
            END
          END
        END
      END
    END AS "b",
    CAST("t"."country" AS Nullable(String)) AS "d0",
    (
      "t"."country" IN ('FR', 'l''Été "x"')
    ) AS "f2",
    "t"."amount" AS "a3",
    "t"."rebate" AS "a4",
    (
      position(lowerUTF8("t"."country"), '_f') > 0
    ) AS "f5",
    (
      CAST(toDayOfWeek("t"."placed") AS Nullable(Float64)) >= 6.0e0
    ) AS "f6"
  FROM (
    SELECT
      "placed" AS "placed",
      CAST("customer" AS Nullable(String)) AS "customer",
      CAST("country" AS Nullable(String)) AS "country",
      CASE
        WHEN isFinite(CAST("amount" AS Nullable(Float64)))
        THEN (
          CAST("amount" AS Nullable(Float64)) + 0.0e0
        )
      END AS "amount",
      CASE
        WHEN isFinite(CAST("rebate" AS Nullable(Float64)))
        THEN (
          CAST("rebate" AS Nullable(Float64)) + 0.0e0
        )
      END / 100.0e0 AS "rebate",
      "shipped" AS "shipped"
    FROM "sales"."orders"
  ) AS "t"
  WHERE
    (
      "t"."placed" >= CAST('2026-01-01' AS Nullable(Date32))
      AND "t"."placed" < CAST('2026-04-02' AS Nullable(Date32))
    )
) AS "r"
GROUP BY
  "b",
  "d0";

-- orders: distinct counts and percentiles, which do not add up, by month
-- for slow_tenth, customers, kept
SELECT
  "b",
  CAST(quantileExactInclusive(0.9)(CASE WHEN "f2" THEN "a1" END) AS Nullable(Float64)) AS "v0",
  CAST(uniqExact(CASE WHEN "f4" THEN "a3" END) AS Nullable(Float64)) AS "v1",
  CAST(uniqExact("a3") AS Nullable(Float64)) AS "v2"
FROM (
  SELECT
    toYear(CAST("t"."placed" AS Nullable(Date32))) * 12 + toMonth(CAST("t"."placed" AS Nullable(Date32))) - 24313 AS "b",
    CAST((
      dateDiff(
        'day',
        CAST("t"."placed" AS Nullable(Date32)),
        CAST("t"."shipped" AS Nullable(Date32))
      )
    ) AS Nullable(Float64)) AS "a1",
    (
      position(lowerUTF8("t"."country"), '_f') > 0
    ) AS "f2",
    "t"."customer" AS "a3",
    (
      CAST(toDayOfWeek("t"."placed") AS Nullable(Float64)) >= 6.0e0
    ) AS "f4"
  FROM (
    SELECT
      "placed" AS "placed",
      CAST("customer" AS Nullable(String)) AS "customer",
      CAST("country" AS Nullable(String)) AS "country",
      CASE
        WHEN isFinite(CAST("amount" AS Nullable(Float64)))
        THEN (
          CAST("amount" AS Nullable(Float64)) + 0.0e0
        )
      END AS "amount",
      CASE
        WHEN isFinite(CAST("rebate" AS Nullable(Float64)))
        THEN (
          CAST("rebate" AS Nullable(Float64)) + 0.0e0
        )
      END / 100.0e0 AS "rebate",
      "shipped" AS "shipped"
    FROM "sales"."orders"
  ) AS "t"
  WHERE
    (
      "t"."placed" >= CAST('2026-01-01' AS Nullable(Date32))
      AND "t"."placed" < CAST('2026-04-02' AS Nullable(Date32))
    )
) AS "r"
GROUP BY
  "b";

-- orders: identities that are new, come again or stay away, by month, country
-- for newcomers, kept
WITH "c" AS (
  SELECT
    "r"."b" AS "b",
    "r"."d0" AS "d0",
    "r"."a2" AS "x",
    MIN("r"."m3") AS "t0"
  FROM (
    SELECT
      toYear(CAST("t"."placed" AS Nullable(Date32))) * 12 + toMonth(CAST("t"."placed" AS Nullable(Date32))) - 24313 AS "b",
      CAST("t"."country" AS Nullable(String)) AS "d0",
      "t"."customer" AS "a2",
      "t"."placed" AS "m3"
    FROM (
      SELECT
        "placed" AS "placed",
        CAST("customer" AS Nullable(String)) AS "customer",
        CAST("country" AS Nullable(String)) AS "country",
        CASE
          WHEN isFinite(CAST("amount" AS Nullable(Float64)))
          THEN (
            CAST("amount" AS Nullable(Float64)) + 0.0e0
          )
        END AS "amount",
        CASE
          WHEN isFinite(CAST("rebate" AS Nullable(Float64)))
          THEN (
            CAST("rebate" AS Nullable(Float64)) + 0.0e0
          )
        END / 100.0e0 AS "rebate",
        "shipped" AS "shipped"
      FROM "sales"."orders"
    ) AS "t"
    WHERE
      (
        "t"."placed" >= CAST('2026-01-01' AS Nullable(Date32))
        AND "t"."placed" < CAST('2026-04-02' AS Nullable(Date32))
      )
  ) AS "r"
  WHERE
    NOT (
      "r"."a2" IS NULL
    )
  GROUP BY
    "r"."b",
    "r"."d0",
    "r"."a2"
), "f0" AS (
  SELECT
    "q"."b" AS "b",
    "q"."d0" AS "d0",
    "q"."x" AS "x"
  FROM (
    SELECT
      "c"."b" AS "b",
      "c"."d0" AS "d0",
      "c"."x" AS "x",
      ROW_NUMBER() OVER (
        PARTITION BY "c"."x"
        ORDER BY CASE WHEN "c"."d0" IS NULL THEN 1 ELSE 0 END, "c"."d0"
      ) AS "o"
    FROM "c" AS "c"
    JOIN (
      SELECT
        "c"."x" AS "x",
        MIN("c"."t0") AS "t"
      FROM "c" AS "c"
      GROUP BY
        "c"."x"
    ) AS "f"
      ON "c"."x" = "f"."x" AND "c"."t0" = "f"."t"
  ) AS "q"
  WHERE
    "q"."o" = 1
), "m2" AS (
  SELECT
    "h"."w" AS "w",
    "h"."x" AS "x",
    MAX("h"."u0") AS "u0",
    MAX("h"."u1") AS "u1",
    MAX("h"."u2") AS "u2",
    MAX("h"."u3") AS "u3"
  FROM (
    SELECT
      "i"."w" AS "w",
      "i"."x" AS "x",
      1 AS "u0",
      0 AS "u1",
      0 AS "u2",
      0 AS "u3"
    FROM (
      SELECT
        CASE WHEN "b" >= 0 AND "b" < 4 THEN (
          "b" + 0
        ) END AS "w",
        "x"
      FROM "f0" AS "f0"
    ) AS "i"
    WHERE
      NOT (
        "i"."w" IS NULL
      )
    UNION ALL
    SELECT
      "i"."w" AS "w",
      "i"."x" AS "x",
      0 AS "u0",
      1 AS "u1",
      0 AS "u2",
      0 AS "u3"
    FROM (
      SELECT
        CASE WHEN "b" >= 0 AND "b" < 2 THEN (
          "b" + 2
        ) END AS "w",
        "x"
      FROM "f0" AS "f0"
    ) AS "i"
    WHERE
      NOT (
        "i"."w" IS NULL
      )
    UNION ALL
    SELECT
      "i"."w" AS "w",
      "i"."x" AS "x",
      0 AS "u0",
      0 AS "u1",
      CASE WHEN NOT (
        "i"."t0" IS NULL
      ) THEN 1 ELSE 0 END AS "u2",
      0 AS "u3"
    FROM (
      SELECT
        CASE WHEN "b" >= 0 AND "b" < 4 THEN (
          "b" + 0
        ) END AS "w",
        "x",
        "t0"
      FROM "c" AS "c"
    ) AS "i"
    WHERE
      NOT (
        "i"."w" IS NULL
      )
    UNION ALL
    SELECT
      "i"."w" AS "w",
      "i"."x" AS "x",
      0 AS "u0",
      0 AS "u1",
      0 AS "u2",
      CASE WHEN NOT (
        "i"."t0" IS NULL
      ) THEN 1 ELSE 0 END AS "u3"
    FROM (
      SELECT
        CASE WHEN "b" >= 0 AND "b" < 3 THEN (
          "b" + 1
        ) END AS "w",
        "x",
        "t0"
      FROM "c" AS "c"
    ) AS "i"
    WHERE
      NOT (
        "i"."w" IS NULL
      )
  ) AS "h"
  GROUP BY
    "h"."w",
    "h"."x"
)
SELECT
  "p"."w" AS "b",
  0 AS "g",
  CAST(NULL AS Nullable(String)) AS "d0",
  CAST(COUNT(CASE WHEN (
    "p"."u0" = 1
  ) THEN 1 END) AS Nullable(Float64)) AS "v0",
  CAST(CAST(COUNT(CASE WHEN (
    "p"."u1" = 1
  ) AND (
    "p"."u2" = 1
  ) THEN 1 END) AS Nullable(Float64)) / nullIf(CAST(COUNT(CASE WHEN (
    "p"."u1" = 1
  ) THEN 1 END) AS Nullable(Float64)), 0e0) AS Nullable(Float64)) AS "v1",
  CAST(COUNT(CASE WHEN (
    "p"."u3" = 1
  ) AND (
    "p"."u2" = 0
  ) THEN 1 END) AS Nullable(Float64)) AS "v2"
FROM (
  SELECT
    "m2"."w" AS "w",
    "m2"."x" AS "x",
    "m2"."u0" AS "u0",
    "m2"."u1" AS "u1",
    "m2"."u2" AS "u2",
    "m2"."u3" AS "u3"
  FROM "m2" AS "m2"
) AS "p"
GROUP BY
  "p"."w"
UNION ALL
SELECT
  "p"."w" AS "b",
  1 AS "g",
  "p"."d0" AS "d0",
  CAST(COUNT(CASE WHEN (
    "p"."u0" = 1
  ) THEN 1 END) AS Nullable(Float64)) AS "v0",
  CAST(NULL AS Nullable(Float64)) AS "v1",
  CAST(NULL AS Nullable(Float64)) AS "v2"
FROM (
  SELECT
    "h"."w" AS "w",
    "h"."d0" AS "d0",
    "h"."x" AS "x",
    MAX("h"."u0") AS "u0"
  FROM (
    SELECT
      "i"."w" AS "w",
      "i"."d0" AS "d0",
      "i"."x" AS "x",
      1 AS "u0"
    FROM (
      SELECT
        CASE WHEN "b" >= 0 AND "b" < 4 THEN (
          "b" + 0
        ) END AS "w",
        "d0",
        "x"
      FROM "f0" AS "f0"
    ) AS "i"
    WHERE
      NOT (
        "i"."w" IS NULL
      )
  ) AS "h"
  GROUP BY
    "h"."w",
    "h"."d0",
    "h"."x"
) AS "p"
GROUP BY
  "p"."w",
  "p"."d0";

-- stock: what adds up, by month, hall
SELECT
  "b",
  "d0",
  CAST(COUNT(*) AS Nullable(Float64)) AS "v0",
  CAST(COUNT(CASE WHEN "f2" THEN 1 END) AS Nullable(Float64)) AS "v1"
FROM (
  SELECT
    toYear(CAST("t"."day" AS Nullable(Date32))) * 12 + toMonth(CAST("t"."day" AS Nullable(Date32))) - 24313 AS "b",
    CAST("t"."hall" AS Nullable(String)) AS "d0",
    (
      "t"."hall" <> 'b'
    ) AS "f2"
  FROM (
    SELECT
      CASE
        WHEN isFinite(CAST("level" AS Nullable(Float64)))
        THEN (
          CAST("level" AS Nullable(Float64)) + 0.0e0
        )
      END AS "level",
      CAST("product" AS Nullable(String)) AS "product",
      CAST("hall" AS Nullable(String)) AS "hall",
      "day" AS "day"
    FROM "stock"
  ) AS "t"
  WHERE
    (
      "t"."day" >= CAST('2026-01-01' AS Nullable(Date32))
      AND "t"."day" < CAST('2026-04-02' AS Nullable(Date32))
    )
) AS "r"
GROUP BY
  "b",
  "d0";

-- stock: levels at the first or last moment, by month
-- for level, usual_level
SELECT
  "b",
  CAST(argMax("s0", CASE WHEN NOT (
    "s0" IS NULL
  ) THEN "m" END) AS Nullable(Float64)) AS "v0",
  MAX(CASE WHEN NOT (
    "s0" IS NULL
  ) THEN "m" END) AS "v1"
FROM (
  SELECT
    "b",
    "m",
    SUM("a2") AS "s0"
  FROM (
    SELECT
      toYear(CAST("t"."day" AS Nullable(Date32))) * 12 + toMonth(CAST("t"."day" AS Nullable(Date32))) - 24313 AS "b",
      "t"."day" AS "m",
      "t"."level" AS "a2"
    FROM (
      SELECT
        CASE
          WHEN isFinite(CAST("level" AS Nullable(Float64)))
          THEN (
            CAST("level" AS Nullable(Float64)) + 0.0e0
          )
        END AS "level",
        CAST("product" AS Nullable(String)) AS "product",
        CAST("hall" AS Nullable(String)) AS "hall",
        "day" AS "day"
      FROM "stock"
    ) AS "t"
    WHERE
      (
        "t"."day" >= CAST('2026-01-01' AS Nullable(Date32))
        AND "t"."day" < CAST('2026-04-02' AS Nullable(Date32))
      )
  ) AS "r"
  GROUP BY
    "b",
    "m"
) AS "s"
GROUP BY
  "b";

-- stock: levels of accounts, carried forward, by month, hall
-- for in_hand
SELECT
  "b",
  "d0",
  CAST(SUM(CASE WHEN "f3" THEN "a2" END) AS Nullable(Float64)) AS "v0"
FROM (
  SELECT
    "t"."stock_cell" AS "b",
    CAST("t"."hall" AS Nullable(String)) AS "d0",
    "t"."level" AS "a2",
    (
      "t"."hall" <> 'b'
    ) AS "f3"
  FROM (
    SELECT
      "t".*,
      "s"."stock_cell" AS "stock_cell"
    FROM (
      SELECT
        CASE
          WHEN isFinite(CAST("level" AS Nullable(Float64)))
          THEN (
            CAST("level" AS Nullable(Float64)) + 0.0e0
          )
        END AS "level",
        CAST("product" AS Nullable(String)) AS "product",
        CAST("hall" AS Nullable(String)) AS "hall",
        "day" AS "day"
      FROM "stock"
    ) AS "t"
    JOIN (
      SELECT
        "k0",
        "k1",
        "stock_moment",
        "stock_since" * 5 + COALESCE(
          leadInFrame(toNullable("stock_since")) OVER (
            PARTITION BY "k0", "k1"
            ORDER BY "stock_since"
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ),
          4
        ) AS "stock_cell"
      FROM (
        SELECT
          "k0",
          "k1",
          "stock_since",
          MAX("stock_moment") AS "stock_moment"
        FROM (
          SELECT
            "t"."product" AS "k0",
            "t"."hall" AS "k1",
            CASE
              WHEN CAST("t"."day" AS Nullable(Date32)) < CAST('2026-01-01' AS Nullable(Date32))
              THEN 0
              ELSE toYear(CAST("t"."day" AS Nullable(Date32))) * 12 + toMonth(CAST("t"."day" AS Nullable(Date32))) - 24313
            END AS "stock_since",
            "t"."day" AS "stock_moment"
          FROM (
            SELECT
              CASE
                WHEN isFinite(CAST("level" AS Nullable(Float64)))
                THEN (
                  CAST("level" AS Nullable(Float64)) + 0.0e0
                )
              END AS "level",
              CAST("product" AS Nullable(String)) AS "product",
              CAST("hall" AS Nullable(String)) AS "hall",
              "day" AS "day"
            FROM "stock"
          ) AS "t"
          WHERE
            (
              NOT (
                "t"."level" IS NULL
              )
              AND NOT (
                "t"."product" IS NULL
              )
              AND NOT (
                "t"."hall" IS NULL
              )
            )
            AND (
              "t"."day" >= CAST('1900-01-01' AS Nullable(Date32))
              AND "t"."day" < CAST('2026-04-02' AS Nullable(Date32))
            )
        ) AS "r"
        GROUP BY
          "k0",
          "k1",
          "stock_since"
      ) AS "l"
    ) AS "s"
      ON "t"."product" = "s"."k0"
      AND "t"."hall" = "s"."k1"
      AND "t"."day" = "s"."stock_moment"
    WHERE
      NOT (
        "t"."level" IS NULL
      )
  ) AS "t"
) AS "r"
GROUP BY
  "b",
  "d0";

-- stock: levels at the first or last moment, by day
-- for level, usual_level
SELECT
  "b",
  CAST(argMax("s0", CASE WHEN NOT (
    "s0" IS NULL
  ) THEN "m" END) AS Nullable(Float64)) AS "v0",
  MAX(CASE WHEN NOT (
    "s0" IS NULL
  ) THEN "m" END) AS "v1"
FROM (
  SELECT
    "b",
    "m",
    SUM("a2") AS "s0"
  FROM (
    SELECT
      dateDiff('day', CAST('2026-01-01' AS Nullable(Date32)), CAST("t"."day" AS Nullable(Date32))) AS "b",
      "t"."day" AS "m",
      "t"."level" AS "a2"
    FROM (
      SELECT
        CASE
          WHEN isFinite(CAST("level" AS Nullable(Float64)))
          THEN (
            CAST("level" AS Nullable(Float64)) + 0.0e0
          )
        END AS "level",
        CAST("product" AS Nullable(String)) AS "product",
        CAST("hall" AS Nullable(String)) AS "hall",
        "day" AS "day"
      FROM "stock"
    ) AS "t"
    WHERE
      (
        "t"."day" >= CAST('2026-01-01' AS Nullable(Date32))
        AND "t"."day" < CAST('2026-04-02' AS Nullable(Date32))
      )
  ) AS "r"
  GROUP BY
    "b",
    "m"
) AS "s"
GROUP BY
  "b";

-- visits: what adds up, by 7 spans of days, medium
-- for conversion_rate, touched_first
SELECT
  "b",
  "d0",
  CAST(COUNT(*) AS Nullable(Float64)) AS "v0"
FROM (
  SELECT
    CASE
      WHEN CAST("t"."at" AS Nullable(Date32)) < CAST('2026-02-01' AS Nullable(Date32))
      THEN CASE
        WHEN CAST("t"."at" AS Nullable(Date32)) < CAST('2026-01-02' AS Nullable(Date32))
        THEN 0
        ELSE CASE
          WHEN CAST("t"."at" AS Nullable(Date32)) < CAST('2026-01-30' AS Nullable(Date32))
          THEN 1
          ELSE 2
        END
      END
      ELSE CASE
        WHEN CAST("t"."at" AS Nullable(Date32)) < CAST('2026-03-02' AS Nullable(Date32))
        THEN CASE
          WHEN CAST("t"."at" AS Nullable(Date32)) < CAST('2026-03-01' AS Nullable(Date32))
          THEN 3
          ELSE 4
        END
        ELSE CASE
          WHEN CAST("t"."at" AS Nullable(Date32)) < CAST('2026-04-01' AS Nullable(Date32))
          THEN 5
          ELSE 6
        END
      END
    END AS "b",
    CAST("t"."medium" AS Nullable(String)) AS "d0"
  FROM (
    SELECT
      "at" AS "at",
      CAST("visitor" AS Nullable(String)) AS "visitor",
      CAST("medium" AS Nullable(String)) AS "medium"
    FROM "web"."visits"
  ) AS "t"
  WHERE
    (
      "t"."at" >= CAST('2026-01-01' AS Nullable(Date32))
      AND "t"."at" < CAST('2026-04-02' AS Nullable(Date32))
    )
) AS "r"
GROUP BY
  "b",
  "d0";

-- visits: rows that follow others of the same identity, by month, medium
-- for conversion_rate
WITH "c" AS (
  SELECT
    "e"."b" AS "b",
    "e"."d0" AS "d0",
    "e"."x" AS "x",
    MAX(
      CASE
        WHEN (
          dateDiff('day', CAST("e"."t" AS Nullable(Date32)), CAST("e"."c" AS Nullable(Date32)))
        ) <= 7
        THEN 1
      END
    ) AS "t0"
  FROM (
    SELECT
      "e"."b" AS "b",
      "e"."d0" AS "d0",
      "e"."x" AS "x",
      "e"."t" AS "t",
      "e"."s" AS "s",
      CASE WHEN "e"."s" = 0 THEN "e"."n" END AS "c"
    FROM (
      SELECT
        "e"."b" AS "b",
        "e"."d0" AS "d0",
        "e"."x" AS "x",
        "e"."t" AS "t",
        "e"."s" AS "s",
        MIN("e"."c") OVER (
          PARTITION BY "e"."x"
          ORDER BY "e"."t"
          RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS "n"
      FROM (
        SELECT
          "e"."b" AS "b",
          "e"."d0" AS "d0",
          "e"."x" AS "x",
          "e"."t" AS "t",
          "e"."s" AS "s",
          CASE WHEN "e"."s" = 1 THEN "e"."t" END AS "c"
        FROM (
          SELECT
            "t"."visitor" AS "x",
            "t"."at" AS "t",
            0 AS "s",
            toYear(CAST("t"."at" AS Nullable(Date32))) * 12 + toMonth(CAST("t"."at" AS Nullable(Date32))) - 24313 AS "b",
            CAST("t"."medium" AS Nullable(String)) AS "d0"
          FROM (
            SELECT
              "at" AS "at",
              CAST("visitor" AS Nullable(String)) AS "visitor",
              CAST("medium" AS Nullable(String)) AS "medium"
            FROM "web"."visits"
          ) AS "t"
          WHERE
            NOT (
              "t"."visitor" IS NULL
            )
            AND (
              (
                "t"."at" >= CAST('2026-01-01' AS Nullable(Date32))
                AND "t"."at" < CAST('2026-04-02' AS Nullable(Date32))
              )
            )
          UNION ALL
          SELECT
            "t"."customer" AS "x",
            "t"."placed" AS "t",
            1 AS "s",
            -1 AS "b",
            CAST(NULL AS Nullable(String)) AS "d0"
          FROM (
            SELECT
              "placed" AS "placed",
              CAST("customer" AS Nullable(String)) AS "customer",
              CAST("country" AS Nullable(String)) AS "country",
              CASE
                WHEN isFinite(CAST("amount" AS Nullable(Float64)))
                THEN (
                  CAST("amount" AS Nullable(Float64)) + 0.0e0
                )
              END AS "amount",
              CASE
                WHEN isFinite(CAST("rebate" AS Nullable(Float64)))
                THEN (
                  CAST("rebate" AS Nullable(Float64)) + 0.0e0
                )
              END / 100.0e0 AS "rebate",
              "shipped" AS "shipped"
            FROM "sales"."orders"
          ) AS "t"
          WHERE
            (
              NOT (
                "t"."customer" IS NULL
              ) AND (
                (
                  "t"."amount" > 100.0e0
                )
              )
            )
            AND (
              (
                "t"."placed" >= CAST('2026-01-01' AS Nullable(Date32))
                AND "t"."placed" < CAST('2026-04-02' AS Nullable(Date32))
              )
            )
        ) AS "e"
      ) AS "e"
    ) AS "e"
  ) AS "e"
  WHERE
    "e"."s" = 0
  GROUP BY
    "e"."b",
    "e"."d0",
    "e"."x"
)
SELECT
  "p"."w" AS "b",
  0 AS "g",
  CAST(NULL AS Nullable(String)) AS "d0",
  CAST(CAST(COUNT(CASE WHEN "p"."u0" = 1 THEN 1 END) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0e0) AS Nullable(Float64)) AS "v0"
FROM (
  SELECT
    "h"."w" AS "w",
    "h"."x" AS "x",
    MAX("h"."u0") AS "u0"
  FROM (
    SELECT
      "i"."w" AS "w",
      "i"."x" AS "x",
      CASE WHEN NOT (
        "i"."t0" IS NULL
      ) THEN 1 ELSE 0 END AS "u0"
    FROM (
      SELECT
        CASE WHEN "b" >= 0 AND "b" < 4 THEN (
          "b" + 0
        ) END AS "w",
        "x",
        "t0"
      FROM "c" AS "c"
    ) AS "i"
    WHERE
      NOT (
        "i"."w" IS NULL
      )
  ) AS "h"
  GROUP BY
    "h"."w",
    "h"."x"
) AS "p"
GROUP BY
  "p"."w"
UNION ALL
SELECT
  "p"."w" AS "b",
  1 AS "g",
  "p"."d0" AS "d0",
  CAST(CAST(COUNT(CASE WHEN "p"."u0" = 1 THEN 1 END) AS Nullable(Float64)) / nullIf(CAST(COUNT(*) AS Nullable(Float64)), 0e0) AS Nullable(Float64)) AS "v0"
FROM (
  SELECT
    "h"."w" AS "w",
    "h"."d0" AS "d0",
    "h"."x" AS "x",
    MAX("h"."u0") AS "u0"
  FROM (
    SELECT
      "i"."w" AS "w",
      "i"."d0" AS "d0",
      "i"."x" AS "x",
      CASE WHEN NOT (
        "i"."t0" IS NULL
      ) THEN 1 ELSE 0 END AS "u0"
    FROM (
      SELECT
        CASE WHEN "b" >= 0 AND "b" < 4 THEN (
          "b" + 0
        ) END AS "w",
        "d0",
        "x",
        "t0"
      FROM "c" AS "c"
    ) AS "i"
    WHERE
      NOT (
        "i"."w" IS NULL
      )
  ) AS "h"
  GROUP BY
    "h"."w",
    "h"."d0",
    "h"."x"
) AS "p"
GROUP BY
  "p"."w",
  "p"."d0";

-- visits: rows that follow others of the same identity, by month, medium
-- for touched_first
WITH "t" AS (
  SELECT
    "t"."visitor" AS "x",
    "t"."at" AS "t",
    CAST("t"."medium" AS Nullable(String)) AS "d0"
  FROM (
    SELECT
      "at" AS "at",
      CAST("visitor" AS Nullable(String)) AS "visitor",
      CAST("medium" AS Nullable(String)) AS "medium"
    FROM "web"."visits"
  ) AS "t"
  WHERE
    NOT (
      "t"."visitor" IS NULL
    )
    AND (
      (
        "t"."at" >= CAST('2026-01-01' AS Nullable(Date32))
        AND "t"."at" < CAST('2026-04-02' AS Nullable(Date32))
      )
    )
), "c" AS (
  SELECT
    "a"."b" AS "b",
    "a"."y0" AS "y0",
    "u"."d0" AS "d0"
  FROM (
    SELECT
      "e"."b" AS "b",
      "e"."y0" AS "y0",
      "e"."x" AS "x",
      "e"."n" AS "n"
    FROM (
      SELECT
        "e"."b" AS "b",
        "e"."y0" AS "y0",
        "e"."x" AS "x",
        "e"."t" AS "t",
        "e"."s" AS "s",
        MIN(CASE WHEN "e"."s" = 0 THEN "e"."t" END) OVER (
          PARTITION BY "e"."x"
          ORDER BY (
            dateDiff('day', CAST('1970-01-01' AS Nullable(Date32)), CAST("e"."t" AS Nullable(Date32)))
          )
          RANGE BETWEEN 30 PRECEDING AND CURRENT ROW
        ) AS "n"
      FROM (
        SELECT
          "t"."x" AS "x",
          "t"."t" AS "t",
          -1 AS "b",
          0 AS "s",
          CAST(NULL AS Nullable(Float64)) AS "y0"
        FROM "t" AS "t"
        UNION ALL
        SELECT
          "v"."x" AS "x",
          "v"."t" AS "t",
          "v"."b" AS "b",
          "v"."s" AS "s",
          "v"."y0" AS "y0"
        FROM (
          SELECT
            "t"."customer" AS "x",
            "t"."placed" AS "t",
            toYear(CAST("t"."placed" AS Nullable(Date32))) * 12 + toMonth(CAST("t"."placed" AS Nullable(Date32))) - 24313 AS "b",
            1 AS "s",
            "t"."amount" AS "y0"
          FROM (
            SELECT
              "placed" AS "placed",
              CAST("customer" AS Nullable(String)) AS "customer",
              CAST("country" AS Nullable(String)) AS "country",
              CASE
                WHEN isFinite(CAST("amount" AS Nullable(Float64)))
                THEN (
                  CAST("amount" AS Nullable(Float64)) + 0.0e0
                )
              END AS "amount",
              CASE
                WHEN isFinite(CAST("rebate" AS Nullable(Float64)))
                THEN (
                  CAST("rebate" AS Nullable(Float64)) + 0.0e0
                )
              END / 100.0e0 AS "rebate",
              "shipped" AS "shipped"
            FROM "sales"."orders"
          ) AS "t"
          WHERE
            NOT (
              "t"."customer" IS NULL
            )
            AND (
              (
                "t"."placed" >= CAST('2026-01-01' AS Nullable(Date32))
                AND "t"."placed" < CAST('2026-04-02' AS Nullable(Date32))
              )
            )
        ) AS "v"
      ) AS "e"
    ) AS "e"
    WHERE
      "e"."s" = 1
      AND "e"."n" <= "e"."t"
      AND (
        dateDiff('day', CAST("e"."n" AS Nullable(Date32)), CAST("e"."t" AS Nullable(Date32)))
      ) <= 30
  ) AS "a"
  JOIN (
    SELECT
      "q"."x" AS "x",
      "q"."t" AS "t",
      "q"."d0" AS "d0"
    FROM (
      SELECT
        "t"."x" AS "x",
        "t"."t" AS "t",
        "t"."d0" AS "d0",
        ROW_NUMBER() OVER (
          PARTITION BY "t"."x", "t"."t"
          ORDER BY CASE WHEN "t"."d0" IS NULL THEN 1 ELSE 0 END, "t"."d0"
        ) AS "o"
      FROM "t" AS "t"
    ) AS "q"
    WHERE
      "q"."o" = 1
  ) AS "u"
    ON "a"."x" = "u"."x" AND "a"."n" = "u"."t"
)
SELECT
  "p"."w" AS "b",
  0 AS "g",
  CAST(NULL AS Nullable(String)) AS "d0",
  CAST(COALESCE(SUM("p"."y0"), 0.0e0) AS Nullable(Float64)) AS "v0"
FROM (
  SELECT
    "i"."w" AS "w",
    "i"."y0" AS "y0"
  FROM (
    SELECT
      CASE WHEN "b" >= 0 AND "b" < 4 THEN (
        "b" + 0
      ) END AS "w",
      "y0"
    FROM "c" AS "c"
  ) AS "i"
  WHERE
    NOT (
      "i"."w" IS NULL
    )
) AS "p"
GROUP BY
  "p"."w"
UNION ALL
SELECT
  "p"."w" AS "b",
  1 AS "g",
  "p"."d0" AS "d0",
  CAST(COALESCE(SUM("p"."y0"), 0.0e0) AS Nullable(Float64)) AS "v0"
FROM (
  SELECT
    "i"."w" AS "w",
    "i"."d0" AS "d0",
    "i"."y0" AS "y0"
  FROM (
    SELECT
      CASE WHEN "b" >= 0 AND "b" < 4 THEN (
        "b" + 0
      ) END AS "w",
      "d0",
      "y0"
    FROM "c" AS "c"
  ) AS "i"
  WHERE
    NOT (
      "i"."w" IS NULL
    )
) AS "p"
GROUP BY
  "p"."w",
  "p"."d0";

-- buyers: its rows, one for each customer of orders, to be kept as a table
SELECT
  "t"."customer",
  "t"."________0" AS "since",
  "t"."________1" AS "spent"
FROM (
  SELECT
    "r"."k0" AS "customer",
    MIN(CASE WHEN "r"."m2" = "r"."e0" THEN "r"."a1" END) AS "________0",
    (
      CAST(printf(
        '%.11e',
        CASE
          WHEN isFinite(CAST(COALESCE(SUM("r"."a3"), 0.0e0) AS Nullable(Float64)))
          THEN CAST(COALESCE(SUM("r"."a3"), 0.0e0) AS Nullable(Float64))
        END
      ) AS Nullable(Float64)) + 0.0e0
    ) AS "________1"
  FROM (
    SELECT
      *,
      MIN(CASE WHEN NOT (
        "r"."a1" IS NULL
      ) THEN "r"."m2" END) OVER (PARTITION BY "r"."k0") AS "e0"
    FROM (
      SELECT
        "t"."customer" AS "k0",
        "t"."placed" AS "a1",
        "t"."placed" AS "m2",
        "t"."amount" AS "a3"
      FROM (
        SELECT
          "placed" AS "placed",
          CAST("customer" AS Nullable(String)) AS "customer",
          CAST("country" AS Nullable(String)) AS "country",
          CASE
            WHEN isFinite(CAST("amount" AS Nullable(Float64)))
            THEN (
              CAST("amount" AS Nullable(Float64)) + 0.0e0
            )
          END AS "amount",
          CASE
            WHEN isFinite(CAST("rebate" AS Nullable(Float64)))
            THEN (
              CAST("rebate" AS Nullable(Float64)) + 0.0e0
            )
          END / 100.0e0 AS "rebate",
          "shipped" AS "shipped"
        FROM "sales"."orders"
      ) AS "t"
      WHERE
        CAST("t"."placed" AS Nullable(Date32)) <= CAST('2026-04-01' AS Nullable(Date32))
    ) AS "r"
  ) AS "r"
  WHERE
    NOT (
      "r"."k0" IS NULL
    )
  GROUP BY
    "r"."k0"
) AS "t";

-- buyers: what adds up, by month
-- for good_buyers
SELECT
  "b",
  CAST(COUNT(*) AS Nullable(Float64)) AS "v0",
  CAST(COUNT(CASE WHEN "f1" THEN 1 END) AS Nullable(Float64)) AS "v1"
FROM (
  SELECT
    toYear(CAST("t"."since" AS Nullable(Date32))) * 12 + toMonth(CAST("t"."since" AS Nullable(Date32))) - 24313 AS "b",
    (
      "t"."spent" >= 100.0e0
    ) AS "f1"
  FROM "buyers" AS "t"
  WHERE
    (
      "t"."since" >= CAST('2026-01-01' AS Nullable(Date32))
      AND "t"."since" < CAST('2026-04-02' AS Nullable(Date32))
    )
) AS "r"
GROUP BY
  "b";

-- snowflake, as of 2026-04-01. No data was looked at: it is taken to reach from 2026-01-01 to then,
-- columns to hold what is declared, and times to be local. Files are taken to be tables.

-- orders: what adds up, by 17 spans of days, country
-- for sales, rebates
SELECT
  "b",
  "d0",
  CAST(COUNT(*) AS DOUBLE) AS "v0",
  CAST(COUNT(CASE WHEN "f2" THEN 1 END) AS DOUBLE) AS "v1",
  CAST(SUM(CASE WHEN "f2" THEN "a3" END) AS DOUBLE) AS "v2",
  CAST(COUNT("a4") AS DOUBLE) AS "v3",
  CAST(AVG("a4") AS DOUBLE) AS "v4",
  CAST(VAR_POP("a4") * COUNT("a4") AS DOUBLE) AS "v5",
  CAST(COUNT(CASE WHEN "f5" THEN 1 END) AS DOUBLE) AS "v6",
  CAST(COUNT(CASE WHEN "f6" THEN 1 END) AS DOUBLE) AS "v7"
FROM (
  SELECT
    CASE
      WHEN CAST("t"."placed" AS DATE) < CAST('2026-02-16' AS DATE)
      THEN CASE
        WHEN CAST("t"."placed" AS DATE) < CAST('2026-01-26' AS DATE)
        THEN CASE
          WHEN CAST("t"."placed" AS DATE) < CAST('2026-01-12' AS DATE)
          THEN CASE WHEN CAST("t"."placed" AS DATE) < CAST('2026-01-05' AS DATE) THEN 0 ELSE 1 END
          ELSE CASE WHEN CAST("t"."placed" AS DATE) < CAST('2026-01-19' AS DATE) THEN 2 ELSE 3 END
        END
        ELSE CASE
          WHEN CAST("t"."placed" AS DATE) < CAST('2026-02-02' AS DATE)
          THEN CASE WHEN CAST("t"."placed" AS DATE) < CAST('2026-02-01' AS DATE) THEN 4 ELSE 5 END
          ELSE CASE WHEN CAST("t"."placed" AS DATE) < CAST('2026-02-09' AS DATE) THEN 6 ELSE 7 END
        END
      END
      ELSE CASE
        WHEN CAST("t"."placed" AS DATE) < CAST('2026-03-09' AS DATE)
        THEN CASE
          WHEN CAST("t"."placed" AS DATE) < CAST('2026-03-01' AS DATE)
          THEN CASE WHEN CAST("t"."placed" AS DATE) < CAST('2026-02-23' AS DATE) THEN 8 ELSE 9 END
          ELSE CASE
            WHEN CAST("t"."placed" AS DATE) < CAST('2026-03-02' AS DATE)
            THEN 10
            ELSE 11
          END
        END
        ELSE CASE
          WHEN CAST("t"."placed" AS DATE) < CAST('2026-03-23' AS DATE)
          THEN CASE
            WHEN CAST("t"."placed" AS DATE) < CAST('2026-03-16' AS DATE)
            THEN 12
            ELSE 13
          END
          ELSE CASE
            WHEN CAST("t"."placed" AS DATE) < CAST('2026-03-30' AS DATE)
            THEN 14
            ELSE CASE
              WHEN CAST("t"."placed" AS DATE) < CAST('2026-04-01' AS DATE)
              THEN 15
              ELSE 16
            END
          END
        END
      END
    END AS "b",
    CAST("t"."country" AS VARCHAR) AS "d0",
    (
      "t"."country" IN ('FR', 'l\'Été "x"')
    ) AS "f2",
    "t"."amount" AS "a3",
    "t"."rebate" AS "a4",
    CONTAINS(LOWER("t"."country"), '_f') AS "f5",
    (
      CAST(DAYOFWEEKISO("t"."placed") AS DOUBLE) >= CAST(6.0e0 AS DOUBLE)
    ) AS "f6"
  FROM (
    SELECT
      "placed" AS "placed",
      CAST("customer" AS VARCHAR) AS "customer",
      CAST("country" AS VARCHAR) AS "country",
      CASE
        WHEN CAST("amount" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST("amount" AS DOUBLE)
      END AS "amount",
      CASE
        WHEN CAST("rebate" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST("rebate" AS DOUBLE)
      END / CAST(100.0e0 AS DOUBLE) AS "rebate",
      "shipped" AS "shipped"
    FROM "sales"."orders"
  ) AS "t"
  WHERE
    (
      "t"."placed" >= CAST('2026-01-01' AS DATE)
      AND "t"."placed" < CAST('2026-04-02' AS DATE)
    )
) AS "r"
GROUP BY
  "b",
  "d0";

-- orders: distinct counts and percentiles, which do not add up, by month
-- for slow_tenth, customers
SELECT
  "b",
  CAST(PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY
    CASE WHEN "f2" THEN "a1" END) AS DOUBLE) AS "v0",
  CAST(COUNT(DISTINCT CASE WHEN "f4" THEN "a3" END) AS DOUBLE) AS "v1"
FROM (
  SELECT
    YEAR(CAST("t"."placed" AS DATE)) * 12 + MONTH(CAST("t"."placed" AS DATE)) - 24313 AS "b",
    CAST((
      DATEDIFF(DAY, CAST("t"."placed" AS DATE), CAST("t"."shipped" AS DATE))
    ) AS DOUBLE) AS "a1",
    CONTAINS(LOWER("t"."country"), '_f') AS "f2",
    "t"."customer" AS "a3",
    (
      CAST(DAYOFWEEKISO("t"."placed") AS DOUBLE) >= CAST(6.0e0 AS DOUBLE)
    ) AS "f4"
  FROM (
    SELECT
      "placed" AS "placed",
      CAST("customer" AS VARCHAR) AS "customer",
      CAST("country" AS VARCHAR) AS "country",
      CASE
        WHEN CAST("amount" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST("amount" AS DOUBLE)
      END AS "amount",
      CASE
        WHEN CAST("rebate" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST("rebate" AS DOUBLE)
      END / CAST(100.0e0 AS DOUBLE) AS "rebate",
      "shipped" AS "shipped"
    FROM "sales"."orders"
  ) AS "t"
  WHERE
    (
      "t"."placed" >= CAST('2026-01-01' AS DATE)
      AND "t"."placed" < CAST('2026-04-02' AS DATE)
    )
) AS "r"
GROUP BY
  "b";

-- stock: what adds up, by month, hall
SELECT
  "b",
  "d0",
  CAST(COUNT(*) AS DOUBLE) AS "v0",
  CAST(COUNT(CASE WHEN "f2" THEN 1 END) AS DOUBLE) AS "v1"
FROM (
  SELECT
    YEAR(CAST("t"."day" AS DATE)) * 12 + MONTH(CAST("t"."day" AS DATE)) - 24313 AS "b",
    CAST("t"."hall" AS VARCHAR) AS "d0",
    (
      "t"."hall" <> 'b'
    ) AS "f2"
  FROM (
    SELECT
      CASE
        WHEN CAST("level" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST("level" AS DOUBLE)
      END AS "level",
      CAST("product" AS VARCHAR) AS "product",
      CAST("hall" AS VARCHAR) AS "hall",
      "day" AS "day"
    FROM "stock"
  ) AS "t"
  WHERE
    (
      "t"."day" >= CAST('2026-01-01' AS DATE)
      AND "t"."day" < CAST('2026-04-02' AS DATE)
    )
) AS "r"
GROUP BY
  "b",
  "d0";

-- stock: levels at the first or last moment, by month
-- for level, usual_level
SELECT
  "b",
  CAST(MAX_BY("s0", CASE WHEN NOT "s0" IS NULL THEN "m" END) AS DOUBLE) AS "v0",
  MAX(CASE WHEN NOT "s0" IS NULL THEN "m" END) AS "v1"
FROM (
  SELECT
    "b",
    "m",
    SUM("a2") AS "s0"
  FROM (
    SELECT
      YEAR(CAST("t"."day" AS DATE)) * 12 + MONTH(CAST("t"."day" AS DATE)) - 24313 AS "b",
      "t"."day" AS "m",
      "t"."level" AS "a2"
    FROM (
      SELECT
        CASE
          WHEN CAST("level" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
          THEN CAST("level" AS DOUBLE)
        END AS "level",
        CAST("product" AS VARCHAR) AS "product",
        CAST("hall" AS VARCHAR) AS "hall",
        "day" AS "day"
      FROM "stock"
    ) AS "t"
    WHERE
      (
        "t"."day" >= CAST('2026-01-01' AS DATE)
        AND "t"."day" < CAST('2026-04-02' AS DATE)
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
  CAST(SUM(CASE WHEN "f3" THEN "a2" END) AS DOUBLE) AS "v0"
FROM (
  SELECT
    "t"."stock_cell" AS "b",
    CAST("t"."hall" AS VARCHAR) AS "d0",
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
          WHEN CAST("level" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
          THEN CAST("level" AS DOUBLE)
        END AS "level",
        CAST("product" AS VARCHAR) AS "product",
        CAST("hall" AS VARCHAR) AS "hall",
        "day" AS "day"
      FROM "stock"
    ) AS "t"
    JOIN (
      SELECT
        "k0",
        "k1",
        "stock_moment",
        "stock_since" * 5 + COALESCE(LEAD("stock_since") OVER (PARTITION BY "k0", "k1" ORDER BY "stock_since"), 4) AS "stock_cell"
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
              WHEN CAST("t"."day" AS DATE) < CAST('2026-01-01' AS DATE)
              THEN 0
              ELSE YEAR(CAST("t"."day" AS DATE)) * 12 + MONTH(CAST("t"."day" AS DATE)) - 24313
            END AS "stock_since",
            "t"."day" AS "stock_moment"
          FROM (
            SELECT
              CASE
                WHEN CAST("level" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
                THEN CAST("level" AS DOUBLE)
              END AS "level",
              CAST("product" AS VARCHAR) AS "product",
              CAST("hall" AS VARCHAR) AS "hall",
              "day" AS "day"
            FROM "stock"
          ) AS "t"
          WHERE
            (
              NOT "t"."level" IS NULL AND NOT "t"."product" IS NULL AND NOT "t"."hall" IS NULL
            )
            AND (
              "t"."day" >= CAST('1900-01-01' AS DATE)
              AND "t"."day" < CAST('2026-04-02' AS DATE)
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
      NOT "t"."level" IS NULL
  ) AS "t"
) AS "r"
GROUP BY
  "b",
  "d0";

-- stock: levels at the first or last moment, by day
-- for level, usual_level
SELECT
  "b",
  CAST(MAX_BY("s0", CASE WHEN NOT "s0" IS NULL THEN "m" END) AS DOUBLE) AS "v0",
  MAX(CASE WHEN NOT "s0" IS NULL THEN "m" END) AS "v1"
FROM (
  SELECT
    "b",
    "m",
    SUM("a2") AS "s0"
  FROM (
    SELECT
      DATEDIFF(DAY, CAST('2026-01-01' AS DATE), CAST("t"."day" AS DATE)) AS "b",
      "t"."day" AS "m",
      "t"."level" AS "a2"
    FROM (
      SELECT
        CASE
          WHEN CAST("level" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
          THEN CAST("level" AS DOUBLE)
        END AS "level",
        CAST("product" AS VARCHAR) AS "product",
        CAST("hall" AS VARCHAR) AS "hall",
        "day" AS "day"
      FROM "stock"
    ) AS "t"
    WHERE
      (
        "t"."day" >= CAST('2026-01-01' AS DATE)
        AND "t"."day" < CAST('2026-04-02' AS DATE)
      )
  ) AS "r"
  GROUP BY
    "b",
    "m"
) AS "s"
GROUP BY
  "b";

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
      CAST(TO_CHAR(
        CASE
          WHEN CAST(COALESCE(SUM("r"."a3"), 0.0e0) AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
          THEN CAST(COALESCE(SUM("r"."a3"), 0.0e0) AS DOUBLE)
        END,
        '9.99999999999EEEE'
      ) AS DOUBLE) + 0.0e0
    ) AS "________1"
  FROM (
    SELECT
      *,
      MIN(CASE WHEN NOT "r"."a1" IS NULL THEN "r"."m2" END) OVER (PARTITION BY "r"."k0") AS "e0"
    FROM (
      SELECT
        "t"."customer" AS "k0",
        "t"."placed" AS "a1",
        "t"."placed" AS "m2",
        "t"."amount" AS "a3"
      FROM (
        SELECT
          "placed" AS "placed",
          CAST("customer" AS VARCHAR) AS "customer",
          CAST("country" AS VARCHAR) AS "country",
          CASE
            WHEN CAST("amount" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
            THEN CAST("amount" AS DOUBLE)
          END AS "amount",
          CASE
            WHEN CAST("rebate" AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
            THEN CAST("rebate" AS DOUBLE)
          END / CAST(100.0e0 AS DOUBLE) AS "rebate",
          "shipped" AS "shipped"
        FROM "sales"."orders"
      ) AS "t"
      WHERE
        CAST("t"."placed" AS DATE) <= CAST('2026-04-01' AS DATE)
    ) AS "r"
  ) AS "r"
  WHERE
    NOT "r"."k0" IS NULL
  GROUP BY
    "r"."k0"
) AS "t";

-- buyers: what adds up, by month
-- for good_buyers
SELECT
  "b",
  CAST(COUNT(*) AS DOUBLE) AS "v0",
  CAST(COUNT(CASE WHEN "f1" THEN 1 END) AS DOUBLE) AS "v1"
FROM (
  SELECT
    YEAR(CAST("t"."since" AS DATE)) * 12 + MONTH(CAST("t"."since" AS DATE)) - 24313 AS "b",
    (
      "t"."spent" >= CAST(100.0e0 AS DOUBLE)
    ) AS "f1"
  FROM "buyers" AS "t"
  WHERE
    (
      "t"."since" >= CAST('2026-01-01' AS DATE)
      AND "t"."since" < CAST('2026-04-02' AS DATE)
    )
) AS "r"
GROUP BY
  "b";

-- databricks, as of 2026-04-01. No data was looked at: it is taken to reach from 2026-01-01 to then,
-- columns to hold what is declared, and times to be local. Files are taken to be tables.

-- orders: what adds up, by 19 spans of days, country
-- for kept, conversion_rate, touched_first, sales, rebates
SELECT
  `b`,
  `d0`,
  CAST(COUNT(*) AS DOUBLE) AS `v0`,
  CAST(COUNT(CASE WHEN `f2` THEN 1 END) AS DOUBLE) AS `v1`,
  CAST(SUM(CASE WHEN `f2` THEN `a3` END) AS DOUBLE) AS `v2`,
  CAST(COUNT(`a4`) AS DOUBLE) AS `v3`,
  CAST(AVG(`a4`) AS DOUBLE) AS `v4`,
  CAST(VAR_POP(`a4`) * COUNT(`a4`) AS DOUBLE) AS `v5`,
  CAST(COUNT(CASE WHEN `f5` THEN 1 END) AS DOUBLE) AS `v6`,
  CAST(COUNT(CASE WHEN `f6` THEN 1 END) AS DOUBLE) AS `v7`
FROM (
  SELECT
    CASE
      WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-02-16' AS DATE)
      THEN CASE
        WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-01-26' AS DATE)
        THEN CASE
          WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-01-12' AS DATE)
          THEN CASE WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-01-05' AS DATE) THEN 0 ELSE 1 END
          ELSE CASE WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-01-19' AS DATE) THEN 2 ELSE 3 END
        END
        ELSE CASE
          WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-02-02' AS DATE)
          THEN CASE WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-02-01' AS DATE) THEN 4 ELSE 5 END
          ELSE CASE
            WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-02-08' AS DATE)
            THEN 6
            ELSE CASE WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-02-09' AS DATE) THEN 7 ELSE 8 END
          END
        END
      END
      ELSE CASE
        WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-03-09' AS DATE)
        THEN CASE
          WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-03-01' AS DATE)
          THEN CASE WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-02-23' AS DATE) THEN 9 ELSE 10 END
          ELSE CASE
            WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-03-02' AS DATE)
            THEN 11
            ELSE CASE
              WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-03-08' AS DATE)
              THEN 12
              ELSE 13
            END
          END
        END
        ELSE CASE
          WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-03-23' AS DATE)
          THEN CASE
            WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-03-16' AS DATE)
            THEN 14
            ELSE 15
          END
          ELSE CASE
            WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-03-30' AS DATE)
            THEN 16
            ELSE CASE
              WHEN CAST(`t`.`placed` AS DATE) < CAST('2026-04-01' AS DATE)
              THEN 17
              ELSE 18
            END
          END
        END
      END
    END AS `b`,
    CAST(`t`.`country` AS STRING) AS `d0`,
    (
      `t`.`country` IN ('FR', 'l\'Été "x"')
    ) AS `f2`,
    `t`.`amount` AS `a3`,
    `t`.`rebate` AS `a4`,
    CONTAINS(LOWER(`t`.`country`), '_f') AS `f5`,
    (
      CAST((
        WEEKDAY(`t`.`placed`) + 1
      ) AS DOUBLE) >= 6.0e0
    ) AS `f6`
  FROM (
    SELECT
      `placed` AS `placed`,
      CAST(`customer` AS STRING) AS `customer`,
      CAST(`country` AS STRING) AS `country`,
      CASE
        WHEN CAST(`amount` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST(`amount` AS DOUBLE)
      END AS `amount`,
      CASE
        WHEN CAST(`rebate` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST(`rebate` AS DOUBLE)
      END / 100.0e0 AS `rebate`,
      `shipped` AS `shipped`
    FROM `sales`.`orders`
  ) AS `t`
  WHERE
    (
      `t`.`placed` >= CAST('2026-01-01' AS DATE)
      AND `t`.`placed` < CAST('2026-04-02' AS DATE)
    )
) AS `r`
GROUP BY
  `b`,
  `d0`;

-- orders: distinct counts and percentiles, which do not add up, by month
-- for slow_tenth, customers, kept
SELECT
  `b`,
  CAST(PERCENTILE(CASE WHEN `f2` THEN `a1` END, 0.9) AS DOUBLE) AS `v0`,
  CAST(COUNT(DISTINCT CASE WHEN `f4` THEN `a3` END) AS DOUBLE) AS `v1`,
  CAST(COUNT(DISTINCT `a3`) AS DOUBLE) AS `v2`
FROM (
  SELECT
    YEAR(CAST(`t`.`placed` AS DATE)) * 12 + MONTH(CAST(`t`.`placed` AS DATE)) - 24313 AS `b`,
    CAST((
      DATEDIFF(CAST(`t`.`shipped` AS DATE), CAST(`t`.`placed` AS DATE))
    ) AS DOUBLE) AS `a1`,
    CONTAINS(LOWER(`t`.`country`), '_f') AS `f2`,
    `t`.`customer` AS `a3`,
    (
      CAST((
        WEEKDAY(`t`.`placed`) + 1
      ) AS DOUBLE) >= 6.0e0
    ) AS `f4`
  FROM (
    SELECT
      `placed` AS `placed`,
      CAST(`customer` AS STRING) AS `customer`,
      CAST(`country` AS STRING) AS `country`,
      CASE
        WHEN CAST(`amount` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST(`amount` AS DOUBLE)
      END AS `amount`,
      CASE
        WHEN CAST(`rebate` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST(`rebate` AS DOUBLE)
      END / 100.0e0 AS `rebate`,
      `shipped` AS `shipped`
    FROM `sales`.`orders`
  ) AS `t`
  WHERE
    (
      `t`.`placed` >= CAST('2026-01-01' AS DATE)
      AND `t`.`placed` < CAST('2026-04-02' AS DATE)
    )
) AS `r`
GROUP BY
  `b`;

-- orders: identities that are new, come again or stay away, by month, country
-- for newcomers, kept
WITH `c` AS (
  SELECT
    `r`.`b` AS `b`,
    `r`.`d0` AS `d0`,
    `r`.`a2` AS `x`,
    MIN(`r`.`m3`) AS `t0`
  FROM (
    SELECT
      YEAR(CAST(`t`.`placed` AS DATE)) * 12 + MONTH(CAST(`t`.`placed` AS DATE)) - 24313 AS `b`,
      CAST(`t`.`country` AS STRING) AS `d0`,
      `t`.`customer` AS `a2`,
      `t`.`placed` AS `m3`
    FROM (
      SELECT
        `placed` AS `placed`,
        CAST(`customer` AS STRING) AS `customer`,
        CAST(`country` AS STRING) AS `country`,
        CASE
          WHEN CAST(`amount` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
          THEN CAST(`amount` AS DOUBLE)
        END AS `amount`,
        CASE
          WHEN CAST(`rebate` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
          THEN CAST(`rebate` AS DOUBLE)
        END / 100.0e0 AS `rebate`,
        `shipped` AS `shipped`
      FROM `sales`.`orders`
    ) AS `t`
    WHERE
      (
        `t`.`placed` >= CAST('2026-01-01' AS DATE)
        AND `t`.`placed` < CAST('2026-04-02' AS DATE)
      )
  ) AS `r`
  WHERE
    NOT `r`.`a2` IS NULL
  GROUP BY
    `r`.`b`,
    `r`.`d0`,
    `r`.`a2`
), `f0` AS (
  SELECT
    `q`.`b` AS `b`,
    `q`.`d0` AS `d0`,
    `q`.`x` AS `x`
  FROM (
    SELECT
      `c`.`b` AS `b`,
      `c`.`d0` AS `d0`,
      `c`.`x` AS `x`,
      ROW_NUMBER() OVER (
        PARTITION BY `c`.`x`
        ORDER BY CASE WHEN `c`.`d0` IS NULL THEN 1 ELSE 0 END NULLS LAST, `c`.`d0` NULLS LAST
      ) AS `o`
    FROM `c` AS `c`
    JOIN (
      SELECT
        `c`.`x` AS `x`,
        MIN(`c`.`t0`) AS `t`
      FROM `c` AS `c`
      GROUP BY
        `c`.`x`
    ) AS `f`
      ON `c`.`x` = `f`.`x` AND `c`.`t0` = `f`.`t`
  ) AS `q`
  WHERE
    `q`.`o` = 1
), `m2` AS (
  SELECT
    `h`.`w` AS `w`,
    `h`.`x` AS `x`,
    MAX(`h`.`u0`) AS `u0`,
    MAX(`h`.`u1`) AS `u1`,
    MAX(`h`.`u2`) AS `u2`,
    MAX(`h`.`u3`) AS `u3`
  FROM (
    SELECT
      `i`.`w` AS `w`,
      `i`.`x` AS `x`,
      1 AS `u0`,
      0 AS `u1`,
      0 AS `u2`,
      0 AS `u3`
    FROM (
      SELECT
        CASE WHEN `b` >= 0 AND `b` < 4 THEN (
          `b` + 0
        ) END AS `w`,
        `x`
      FROM `f0` AS `f0`
    ) AS `i`
    WHERE
      NOT `i`.`w` IS NULL
    UNION ALL
    SELECT
      `i`.`w` AS `w`,
      `i`.`x` AS `x`,
      0 AS `u0`,
      1 AS `u1`,
      0 AS `u2`,
      0 AS `u3`
    FROM (
      SELECT
        CASE WHEN `b` >= 0 AND `b` < 2 THEN (
          `b` + 2
        ) END AS `w`,
        `x`
      FROM `f0` AS `f0`
    ) AS `i`
    WHERE
      NOT `i`.`w` IS NULL
    UNION ALL
    SELECT
      `i`.`w` AS `w`,
      `i`.`x` AS `x`,
      0 AS `u0`,
      0 AS `u1`,
      CASE WHEN NOT `i`.`t0` IS NULL THEN 1 ELSE 0 END AS `u2`,
      0 AS `u3`
    FROM (
      SELECT
        CASE WHEN `b` >= 0 AND `b` < 4 THEN (
          `b` + 0
        ) END AS `w`,
        `x`,
        `t0`
      FROM `c` AS `c`
    ) AS `i`
    WHERE
      NOT `i`.`w` IS NULL
    UNION ALL
    SELECT
      `i`.`w` AS `w`,
      `i`.`x` AS `x`,
      0 AS `u0`,
      0 AS `u1`,
      0 AS `u2`,
      CASE WHEN NOT `i`.`t0` IS NULL THEN 1 ELSE 0 END AS `u3`
    FROM (
      SELECT
        CASE WHEN `b` >= 0 AND `b` < 3 THEN (
          `b` + 1
        ) END AS `w`,
        `x`,
        `t0`
      FROM `c` AS `c`
    ) AS `i`
    WHERE
      NOT `i`.`w` IS NULL
  ) AS `h`
  GROUP BY
    `h`.`w`,
    `h`.`x`
)
SELECT
  `p`.`w` AS `b`,
  0 AS `g`,
  CAST(NULL AS STRING) AS `d0`,
  CAST(COUNT(CASE WHEN (
    `p`.`u0` = 1
  ) THEN 1 END) AS DOUBLE) AS `v0`,
  CAST(CAST(COUNT(CASE WHEN (
    `p`.`u1` = 1
  ) AND (
    `p`.`u2` = 1
  ) THEN 1 END) AS DOUBLE) / NULLIF(CAST(COUNT(CASE WHEN (
    `p`.`u1` = 1
  ) THEN 1 END) AS DOUBLE), 0e0) AS DOUBLE) AS `v1`,
  CAST(COUNT(CASE WHEN (
    `p`.`u3` = 1
  ) AND (
    `p`.`u2` = 0
  ) THEN 1 END) AS DOUBLE) AS `v2`
FROM (
  SELECT
    `m2`.`w` AS `w`,
    `m2`.`x` AS `x`,
    `m2`.`u0` AS `u0`,
    `m2`.`u1` AS `u1`,
    `m2`.`u2` AS `u2`,
    `m2`.`u3` AS `u3`
  FROM `m2` AS `m2`
) AS `p`
GROUP BY
  `p`.`w`
UNION ALL
SELECT
  `p`.`w` AS `b`,
  1 AS `g`,
  `p`.`d0` AS `d0`,
  CAST(COUNT(CASE WHEN (
    `p`.`u0` = 1
  ) THEN 1 END) AS DOUBLE) AS `v0`,
  CAST(NULL AS DOUBLE) AS `v1`,
  CAST(NULL AS DOUBLE) AS `v2`
FROM (
  SELECT
    `h`.`w` AS `w`,
    `h`.`d0` AS `d0`,
    `h`.`x` AS `x`,
    MAX(`h`.`u0`) AS `u0`
  FROM (
    SELECT
      `i`.`w` AS `w`,
      `i`.`d0` AS `d0`,
      `i`.`x` AS `x`,
      1 AS `u0`
    FROM (
      SELECT
        CASE WHEN `b` >= 0 AND `b` < 4 THEN (
          `b` + 0
        ) END AS `w`,
        `d0`,
        `x`
      FROM `f0` AS `f0`
    ) AS `i`
    WHERE
      NOT `i`.`w` IS NULL
  ) AS `h`
  GROUP BY
    `h`.`w`,
    `h`.`d0`,
    `h`.`x`
) AS `p`
GROUP BY
  `p`.`w`,
  `p`.`d0`;

-- stock: what adds up, by month, hall
SELECT
  `b`,
  `d0`,
  CAST(COUNT(*) AS DOUBLE) AS `v0`,
  CAST(COUNT(CASE WHEN `f2` THEN 1 END) AS DOUBLE) AS `v1`
FROM (
  SELECT
    YEAR(CAST(`t`.`day` AS DATE)) * 12 + MONTH(CAST(`t`.`day` AS DATE)) - 24313 AS `b`,
    CAST(`t`.`hall` AS STRING) AS `d0`,
    (
      `t`.`hall` <> 'b'
    ) AS `f2`
  FROM (
    SELECT
      CASE
        WHEN CAST(`level` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
        THEN CAST(`level` AS DOUBLE)
      END AS `level`,
      CAST(`product` AS STRING) AS `product`,
      CAST(`hall` AS STRING) AS `hall`,
      `day` AS `day`
    FROM `stock`
  ) AS `t`
  WHERE
    (
      `t`.`day` >= CAST('2026-01-01' AS DATE)
      AND `t`.`day` < CAST('2026-04-02' AS DATE)
    )
) AS `r`
GROUP BY
  `b`,
  `d0`;

-- stock: levels at the first or last moment, by month
-- for level, usual_level
SELECT
  `b`,
  CAST(MAX_BY(`s0`, CASE WHEN NOT `s0` IS NULL THEN `m` END) AS DOUBLE) AS `v0`,
  MAX(CASE WHEN NOT `s0` IS NULL THEN `m` END) AS `v1`
FROM (
  SELECT
    `b`,
    `m`,
    SUM(`a2`) AS `s0`
  FROM (
    SELECT
      YEAR(CAST(`t`.`day` AS DATE)) * 12 + MONTH(CAST(`t`.`day` AS DATE)) - 24313 AS `b`,
      `t`.`day` AS `m`,
      `t`.`level` AS `a2`
    FROM (
      SELECT
        CASE
          WHEN CAST(`level` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
          THEN CAST(`level` AS DOUBLE)
        END AS `level`,
        CAST(`product` AS STRING) AS `product`,
        CAST(`hall` AS STRING) AS `hall`,
        `day` AS `day`
      FROM `stock`
    ) AS `t`
    WHERE
      (
        `t`.`day` >= CAST('2026-01-01' AS DATE)
        AND `t`.`day` < CAST('2026-04-02' AS DATE)
      )
  ) AS `r`
  GROUP BY
    `b`,
    `m`
) AS `s`
GROUP BY
  `b`;

-- stock: levels of accounts, carried forward, by month, hall
-- for in_hand
SELECT
  `b`,
  `d0`,
  CAST(SUM(CASE WHEN `f3` THEN `a2` END) AS DOUBLE) AS `v0`
FROM (
  SELECT
    `t`.`stock_cell` AS `b`,
    CAST(`t`.`hall` AS STRING) AS `d0`,
    `t`.`level` AS `a2`,
    (
      `t`.`hall` <> 'b'
    ) AS `f3`
  FROM (
    SELECT
      `t`.*,
      `s`.`stock_cell` AS `stock_cell`
    FROM (
      SELECT
        CASE
          WHEN CAST(`level` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
          THEN CAST(`level` AS DOUBLE)
        END AS `level`,
        CAST(`product` AS STRING) AS `product`,
        CAST(`hall` AS STRING) AS `hall`,
        `day` AS `day`
      FROM `stock`
    ) AS `t`
    JOIN (
      SELECT
        `k0`,
        `k1`,
        `stock_moment`,
        `stock_since` * 5 + COALESCE(
          LEAD(`stock_since`) OVER (PARTITION BY `k0`, `k1` ORDER BY `stock_since` NULLS LAST),
          4
        ) AS `stock_cell`
      FROM (
        SELECT
          `k0`,
          `k1`,
          `stock_since`,
          MAX(`stock_moment`) AS `stock_moment`
        FROM (
          SELECT
            `t`.`product` AS `k0`,
            `t`.`hall` AS `k1`,
            CASE
              WHEN CAST(`t`.`day` AS DATE) < CAST('2026-01-01' AS DATE)
              THEN 0
              ELSE YEAR(CAST(`t`.`day` AS DATE)) * 12 + MONTH(CAST(`t`.`day` AS DATE)) - 24313
            END AS `stock_since`,
            `t`.`day` AS `stock_moment`
          FROM (
            SELECT
              CASE
                WHEN CAST(`level` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
                THEN CAST(`level` AS DOUBLE)
              END AS `level`,
              CAST(`product` AS STRING) AS `product`,
              CAST(`hall` AS STRING) AS `hall`,
              `day` AS `day`
            FROM `stock`
          ) AS `t`
          WHERE
            (
              NOT `t`.`level` IS NULL AND NOT `t`.`product` IS NULL AND NOT `t`.`hall` IS NULL
            )
            AND (
              `t`.`day` >= CAST('1900-01-01' AS DATE)
              AND `t`.`day` < CAST('2026-04-02' AS DATE)
            )
        ) AS `r`
        GROUP BY
          `k0`,
          `k1`,
          `stock_since`
      ) AS `l`
    ) AS `s`
      ON `t`.`product` = `s`.`k0`
      AND `t`.`hall` = `s`.`k1`
      AND `t`.`day` = `s`.`stock_moment`
    WHERE
      NOT `t`.`level` IS NULL
  ) AS `t`
) AS `r`
GROUP BY
  `b`,
  `d0`;

-- stock: levels at the first or last moment, by day
-- for level, usual_level
SELECT
  `b`,
  CAST(MAX_BY(`s0`, CASE WHEN NOT `s0` IS NULL THEN `m` END) AS DOUBLE) AS `v0`,
  MAX(CASE WHEN NOT `s0` IS NULL THEN `m` END) AS `v1`
FROM (
  SELECT
    `b`,
    `m`,
    SUM(`a2`) AS `s0`
  FROM (
    SELECT
      DATEDIFF(CAST(`t`.`day` AS DATE), CAST('2026-01-01' AS DATE)) AS `b`,
      `t`.`day` AS `m`,
      `t`.`level` AS `a2`
    FROM (
      SELECT
        CASE
          WHEN CAST(`level` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
          THEN CAST(`level` AS DOUBLE)
        END AS `level`,
        CAST(`product` AS STRING) AS `product`,
        CAST(`hall` AS STRING) AS `hall`,
        `day` AS `day`
      FROM `stock`
    ) AS `t`
    WHERE
      (
        `t`.`day` >= CAST('2026-01-01' AS DATE)
        AND `t`.`day` < CAST('2026-04-02' AS DATE)
      )
  ) AS `r`
  GROUP BY
    `b`,
    `m`
) AS `s`
GROUP BY
  `b`;

-- visits: what adds up, by 7 spans of days, medium
-- for conversion_rate, touched_first
SELECT
  `b`,
  `d0`,
  CAST(COUNT(*) AS DOUBLE) AS `v0`
FROM (
  SELECT
    CASE
      WHEN CAST(`t`.`at` AS DATE) < CAST('2026-02-01' AS DATE)
      THEN CASE
        WHEN CAST(`t`.`at` AS DATE) < CAST('2026-01-02' AS DATE)
        THEN 0
        ELSE CASE WHEN CAST(`t`.`at` AS DATE) < CAST('2026-01-30' AS DATE) THEN 1 ELSE 2 END
      END
      ELSE CASE
        WHEN CAST(`t`.`at` AS DATE) < CAST('2026-03-02' AS DATE)
        THEN CASE WHEN CAST(`t`.`at` AS DATE) < CAST('2026-03-01' AS DATE) THEN 3 ELSE 4 END
        ELSE CASE WHEN CAST(`t`.`at` AS DATE) < CAST('2026-04-01' AS DATE) THEN 5 ELSE 6 END
      END
    END AS `b`,
    CAST(`t`.`medium` AS STRING) AS `d0`
  FROM (
    SELECT
      `at` AS `at`,
      CAST(`visitor` AS STRING) AS `visitor`,
      CAST(`medium` AS STRING) AS `medium`
    FROM `web`.`visits`
  ) AS `t`
  WHERE
    (
      `t`.`at` >= CAST('2026-01-01' AS DATE) AND `t`.`at` < CAST('2026-04-02' AS DATE)
    )
) AS `r`
GROUP BY
  `b`,
  `d0`;

-- visits: rows that follow others of the same identity, by month, medium
-- for conversion_rate
WITH `c` AS (
  SELECT
    `e`.`b` AS `b`,
    `e`.`d0` AS `d0`,
    `e`.`x` AS `x`,
    MAX(
      CASE
        WHEN (
          DATEDIFF(CAST(`e`.`c` AS DATE), CAST(`e`.`t` AS DATE))
        ) <= 7
        THEN 1
      END
    ) AS `t0`
  FROM (
    SELECT
      `e`.`b` AS `b`,
      `e`.`d0` AS `d0`,
      `e`.`x` AS `x`,
      `e`.`t` AS `t`,
      `e`.`s` AS `s`,
      CASE WHEN `e`.`s` = 0 THEN `e`.`n` END AS `c`
    FROM (
      SELECT
        `e`.`b` AS `b`,
        `e`.`d0` AS `d0`,
        `e`.`x` AS `x`,
        `e`.`t` AS `t`,
        `e`.`s` AS `s`,
        MIN(`e`.`c`) OVER (
          PARTITION BY `e`.`x`
          ORDER BY `e`.`t` NULLS LAST
          RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS `n`
      FROM (
        SELECT
          `e`.`b` AS `b`,
          `e`.`d0` AS `d0`,
          `e`.`x` AS `x`,
          `e`.`t` AS `t`,
          `e`.`s` AS `s`,
          CASE WHEN `e`.`s` = 1 THEN `e`.`t` END AS `c`
        FROM (
          SELECT
            `t`.`visitor` AS `x`,
            `t`.`at` AS `t`,
            0 AS `s`,
            YEAR(CAST(`t`.`at` AS DATE)) * 12 + MONTH(CAST(`t`.`at` AS DATE)) - 24313 AS `b`,
            CAST(`t`.`medium` AS STRING) AS `d0`
          FROM (
            SELECT
              `at` AS `at`,
              CAST(`visitor` AS STRING) AS `visitor`,
              CAST(`medium` AS STRING) AS `medium`
            FROM `web`.`visits`
          ) AS `t`
          WHERE
            NOT `t`.`visitor` IS NULL
            AND (
              (
                `t`.`at` >= CAST('2026-01-01' AS DATE) AND `t`.`at` < CAST('2026-04-02' AS DATE)
              )
            )
          UNION ALL
          SELECT
            `t`.`customer` AS `x`,
            `t`.`placed` AS `t`,
            1 AS `s`,
            -1 AS `b`,
            CAST(NULL AS STRING) AS `d0`
          FROM (
            SELECT
              `placed` AS `placed`,
              CAST(`customer` AS STRING) AS `customer`,
              CAST(`country` AS STRING) AS `country`,
              CASE
                WHEN CAST(`amount` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
                THEN CAST(`amount` AS DOUBLE)
              END AS `amount`,
              CASE
                WHEN CAST(`rebate` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
                THEN CAST(`rebate` AS DOUBLE)
              END / 100.0e0 AS `rebate`,
              `shipped` AS `shipped`
            FROM `sales`.`orders`
          ) AS `t`
          WHERE
            (
              NOT `t`.`customer` IS NULL AND (
                (
                  `t`.`amount` > 100.0e0
                )
              )
            )
            AND (
              (
                `t`.`placed` >= CAST('2026-01-01' AS DATE)
                AND `t`.`placed` < CAST('2026-04-02' AS DATE)
              )
            )
        ) AS `e`
      ) AS `e`
    ) AS `e`
  ) AS `e`
  WHERE
    `e`.`s` = 0
  GROUP BY
    `e`.`b`,
    `e`.`d0`,
    `e`.`x`
)
SELECT
  `p`.`w` AS `b`,
  0 AS `g`,
  CAST(NULL AS STRING) AS `d0`,
  CAST(CAST(COUNT(CASE WHEN `p`.`u0` = 1 THEN 1 END) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0e0) AS DOUBLE) AS `v0`
FROM (
  SELECT
    `h`.`w` AS `w`,
    `h`.`x` AS `x`,
    MAX(`h`.`u0`) AS `u0`
  FROM (
    SELECT
      `i`.`w` AS `w`,
      `i`.`x` AS `x`,
      CASE WHEN NOT `i`.`t0` IS NULL THEN 1 ELSE 0 END AS `u0`
    FROM (
      SELECT
        CASE WHEN `b` >= 0 AND `b` < 4 THEN (
          `b` + 0
        ) END AS `w`,
        `x`,
        `t0`
      FROM `c` AS `c`
    ) AS `i`
    WHERE
      NOT `i`.`w` IS NULL
  ) AS `h`
  GROUP BY
    `h`.`w`,
    `h`.`x`
) AS `p`
GROUP BY
  `p`.`w`
UNION ALL
SELECT
  `p`.`w` AS `b`,
  1 AS `g`,
  `p`.`d0` AS `d0`,
  CAST(CAST(COUNT(CASE WHEN `p`.`u0` = 1 THEN 1 END) AS DOUBLE) / NULLIF(CAST(COUNT(*) AS DOUBLE), 0e0) AS DOUBLE) AS `v0`
FROM (
  SELECT
    `h`.`w` AS `w`,
    `h`.`d0` AS `d0`,
    `h`.`x` AS `x`,
    MAX(`h`.`u0`) AS `u0`
  FROM (
    SELECT
      `i`.`w` AS `w`,
      `i`.`d0` AS `d0`,
      `i`.`x` AS `x`,
      CASE WHEN NOT `i`.`t0` IS NULL THEN 1 ELSE 0 END AS `u0`
    FROM (
      SELECT
        CASE WHEN `b` >= 0 AND `b` < 4 THEN (
          `b` + 0
        ) END AS `w`,
        `d0`,
        `x`,
        `t0`
      FROM `c` AS `c`
    ) AS `i`
    WHERE
      NOT `i`.`w` IS NULL
  ) AS `h`
  GROUP BY
    `h`.`w`,
    `h`.`d0`,
    `h`.`x`
) AS `p`
GROUP BY
  `p`.`w`,
  `p`.`d0`;

-- visits: rows that follow others of the same identity, by month, medium
-- for touched_first
WITH `t` AS (
  SELECT
    `t`.`visitor` AS `x`,
    `t`.`at` AS `t`,
    CAST(`t`.`medium` AS STRING) AS `d0`
  FROM (
    SELECT
      `at` AS `at`,
      CAST(`visitor` AS STRING) AS `visitor`,
      CAST(`medium` AS STRING) AS `medium`
    FROM `web`.`visits`
  ) AS `t`
  WHERE
    NOT `t`.`visitor` IS NULL
    AND (
      (
        `t`.`at` >= CAST('2026-01-01' AS DATE) AND `t`.`at` < CAST('2026-04-02' AS DATE)
      )
    )
), `c` AS (
  SELECT
    `a`.`b` AS `b`,
    `a`.`y0` AS `y0`,
    `u`.`d0` AS `d0`
  FROM (
    SELECT
      `e`.`b` AS `b`,
      `e`.`y0` AS `y0`,
      `e`.`x` AS `x`,
      `e`.`n` AS `n`
    FROM (
      SELECT
        `e`.`b` AS `b`,
        `e`.`y0` AS `y0`,
        `e`.`x` AS `x`,
        `e`.`t` AS `t`,
        `e`.`s` AS `s`,
        MIN(CASE WHEN `e`.`s` = 0 THEN `e`.`t` END) OVER (
          PARTITION BY `e`.`x`
          ORDER BY (
            DATEDIFF(CAST(`e`.`t` AS DATE), CAST('1970-01-01' AS DATE))
          ) NULLS LAST
          RANGE BETWEEN 30 PRECEDING AND CURRENT ROW
        ) AS `n`
      FROM (
        SELECT
          `t`.`x` AS `x`,
          `t`.`t` AS `t`,
          -1 AS `b`,
          0 AS `s`,
          CAST(NULL AS DOUBLE) AS `y0`
        FROM `t` AS `t`
        UNION ALL
        SELECT
          `v`.`x` AS `x`,
          `v`.`t` AS `t`,
          `v`.`b` AS `b`,
          `v`.`s` AS `s`,
          `v`.`y0` AS `y0`
        FROM (
          SELECT
            `t`.`customer` AS `x`,
            `t`.`placed` AS `t`,
            YEAR(CAST(`t`.`placed` AS DATE)) * 12 + MONTH(CAST(`t`.`placed` AS DATE)) - 24313 AS `b`,
            1 AS `s`,
            `t`.`amount` AS `y0`
          FROM (
            SELECT
              `placed` AS `placed`,
              CAST(`customer` AS STRING) AS `customer`,
              CAST(`country` AS STRING) AS `country`,
              CASE
                WHEN CAST(`amount` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
                THEN CAST(`amount` AS DOUBLE)
              END AS `amount`,
              CASE
                WHEN CAST(`rebate` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
                THEN CAST(`rebate` AS DOUBLE)
              END / 100.0e0 AS `rebate`,
              `shipped` AS `shipped`
            FROM `sales`.`orders`
          ) AS `t`
          WHERE
            NOT `t`.`customer` IS NULL
            AND (
              (
                `t`.`placed` >= CAST('2026-01-01' AS DATE)
                AND `t`.`placed` < CAST('2026-04-02' AS DATE)
              )
            )
        ) AS `v`
      ) AS `e`
    ) AS `e`
    WHERE
      `e`.`s` = 1
      AND `e`.`n` <= `e`.`t`
      AND (
        DATEDIFF(CAST(`e`.`t` AS DATE), CAST(`e`.`n` AS DATE))
      ) <= 30
  ) AS `a`
  JOIN (
    SELECT
      `q`.`x` AS `x`,
      `q`.`t` AS `t`,
      `q`.`d0` AS `d0`
    FROM (
      SELECT
        `t`.`x` AS `x`,
        `t`.`t` AS `t`,
        `t`.`d0` AS `d0`,
        ROW_NUMBER() OVER (
          PARTITION BY `t`.`x`, `t`.`t`
          ORDER BY CASE WHEN `t`.`d0` IS NULL THEN 1 ELSE 0 END NULLS LAST, `t`.`d0` NULLS LAST
        ) AS `o`
      FROM `t` AS `t`
    ) AS `q`
    WHERE
      `q`.`o` = 1
  ) AS `u`
    ON `a`.`x` = `u`.`x` AND `a`.`n` = `u`.`t`
)
SELECT
  `p`.`w` AS `b`,
  0 AS `g`,
  CAST(NULL AS STRING) AS `d0`,
  CAST(COALESCE(SUM(`p`.`y0`), 0.0e0) AS DOUBLE) AS `v0`
FROM (
  SELECT
    `i`.`w` AS `w`,
    `i`.`y0` AS `y0`
  FROM (
    SELECT
      CASE WHEN `b` >= 0 AND `b` < 4 THEN (
        `b` + 0
      ) END AS `w`,
      `y0`
    FROM `c` AS `c`
  ) AS `i`
  WHERE
    NOT `i`.`w` IS NULL
) AS `p`
GROUP BY
  `p`.`w`
UNION ALL
SELECT
  `p`.`w` AS `b`,
  1 AS `g`,
  `p`.`d0` AS `d0`,
  CAST(COALESCE(SUM(`p`.`y0`), 0.0e0) AS DOUBLE) AS `v0`
FROM (
  SELECT
    `i`.`w` AS `w`,
    `i`.`d0` AS `d0`,
    `i`.`y0` AS `y0`
  FROM (
    SELECT
      CASE WHEN `b` >= 0 AND `b` < 4 THEN (
        `b` + 0
      ) END AS `w`,
      `d0`,
      `y0`
    FROM `c` AS `c`
  ) AS `i`
  WHERE
    NOT `i`.`w` IS NULL
) AS `p`
GROUP BY
  `p`.`w`,
  `p`.`d0`;

-- buyers: its rows, one for each customer of orders, to be kept as a table
SELECT
  `t`.`customer`,
  `t`.`________0` AS `since`,
  `t`.`________1` AS `spent`
FROM (
  SELECT
    `r`.`k0` AS `customer`,
    MIN(CASE WHEN `r`.`m2` = `r`.`e0` THEN `r`.`a1` END) AS `________0`,
    (
      CAST(NULLIF(
        FORMAT_STRING(
          '%.11e',
          CASE
            WHEN CAST(COALESCE(SUM(`r`.`a3`), 0.0e0) AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
            THEN CAST(COALESCE(SUM(`r`.`a3`), 0.0e0) AS DOUBLE)
          END
        ),
        'null'
      ) AS DOUBLE) + 0.0e0
    ) AS `________1`
  FROM (
    SELECT
      *,
      MIN(CASE WHEN NOT `r`.`a1` IS NULL THEN `r`.`m2` END) OVER (PARTITION BY `r`.`k0`) AS `e0`
    FROM (
      SELECT
        `t`.`customer` AS `k0`,
        `t`.`placed` AS `a1`,
        `t`.`placed` AS `m2`,
        `t`.`amount` AS `a3`
      FROM (
        SELECT
          `placed` AS `placed`,
          CAST(`customer` AS STRING) AS `customer`,
          CAST(`country` AS STRING) AS `country`,
          CASE
            WHEN CAST(`amount` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
            THEN CAST(`amount` AS DOUBLE)
          END AS `amount`,
          CASE
            WHEN CAST(`rebate` AS DOUBLE) BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308
            THEN CAST(`rebate` AS DOUBLE)
          END / 100.0e0 AS `rebate`,
          `shipped` AS `shipped`
        FROM `sales`.`orders`
      ) AS `t`
      WHERE
        CAST(`t`.`placed` AS DATE) <= CAST('2026-04-01' AS DATE)
    ) AS `r`
  ) AS `r`
  WHERE
    NOT `r`.`k0` IS NULL
  GROUP BY
    `r`.`k0`
) AS `t`;

-- buyers: what adds up, by month
-- for good_buyers
SELECT
  `b`,
  CAST(COUNT(*) AS DOUBLE) AS `v0`,
  CAST(COUNT(CASE WHEN `f1` THEN 1 END) AS DOUBLE) AS `v1`
FROM (
  SELECT
    YEAR(CAST(`t`.`since` AS DATE)) * 12 + MONTH(CAST(`t`.`since` AS DATE)) - 24313 AS `b`,
    (
      `t`.`spent` >= 100.0e0
    ) AS `f1`
  FROM `buyers` AS `t`
  WHERE
    (
      `t`.`since` >= CAST('2026-01-01' AS DATE)
      AND `t`.`since` < CAST('2026-04-02' AS DATE)
    )
) AS `r`
GROUP BY
  `b`;

-- Metafields are gathered a page at a time, since those of all customers may not fit into memory.
WITH mine AS (
    SELECT
        n,
        json_group_object(name, value) AS attributes,
        max(value) FILTER (WHERE name = $birth_date::VARCHAR) AS birth_date,
        max(value) FILTER (WHERE name = $gender::VARCHAR) AS gender,
        max(lower(trim(value))) FILTER (WHERE name = $ads_consent::VARCHAR) AS ads
    FROM metafields
    WHERE n >= $first AND n < $last
    GROUP BY n
)
SELECT
    customers.* EXCLUDE (n) REPLACE (
        CASE
            WHEN customers.ads_consent IS NOT NULL THEN customers.ads_consent
            WHEN mine.ads IN ('true', 'yes', '1', 'granted') THEN 'GRANTED'
            WHEN mine.ads <> '' THEN 'DENIED'  -- also for words that we do not know
        END AS ads_consent
    ),
    mine.birth_date,
    mine.gender,
    mine.attributes
FROM customers LEFT JOIN mine USING (n)
WHERE n >= $first AND n < $last
ORDER BY n

-- A customer's addresses, and the default one also where it is not among them.
WITH listed AS (
    SELECT n, id, city, provinceCode, countryCodeV2, zip
    FROM children
    WHERE __typename = 'MailingAddress'
),
every AS (
    SELECT * FROM listed
    UNION ALL
    SELECT n, unnest(defaultAddress)
    FROM roots
    WHERE
        defaultAddress IS NOT NULL
        AND (n, number(defaultAddress.id)) NOT IN (SELECT (n, number(id)) FROM listed)
)
SELECT
    n,
    number(roots.id) AS customer_id,
    number(every.id) AS address_id,
    every.countryCodeV2 AS country,
    every.countryCodeV2 || '-' || nullif(every.provinceCode, '') AS region,
    every.city AS city,
    every.zip AS postal_code,
    number(every.id) = number(roots.defaultAddress.id) AS is_default
FROM every JOIN roots USING (n)
ORDER BY n

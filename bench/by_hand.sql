-- The whole job for this shop, on the landed tables, as one would write it in DuckDB and keep it.

-- 1. Who is one person. A record is a customer that has not vanished, or the owner of orders whom no customer is.
CREATE TEMP TABLE nodes AS
WITH vanished AS (  -- guests that orders of vanished customers would make
    SELECT DISTINCT source, 'guest:' || value AS customer_id
    FROM (SELECT source, unnest([email, phone]) AS value FROM customers WHERE deleted_at IS NOT NULL)
    WHERE value NOT IN (SELECT email FROM customers WHERE deleted_at IS NULL AND email IS NOT NULL)
      AND value NOT IN (SELECT phone FROM customers WHERE deleted_at IS NULL AND phone IS NOT NULL)
),
owners AS (
    SELECT source, owner AS customer_id, any_value(email) AS email
    FROM orders o
    WHERE owner IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM customers c WHERE c.source = o.source AND c.customer_id = o.owner)
    GROUP BY source, owner
)
SELECT source, customer_id, email, phone, last_name_key, true AS customer FROM customers WHERE deleted_at IS NULL
UNION ALL
SELECT source, customer_id, email, NULL, NULL, false FROM owners ANTI JOIN vanished USING (source, customer_id);

-- A phone joins customers of one last name, unless two e-mails stand on it. So whoever has an e-mail belongs to it,
-- and whoever has none to the household's e-mail, else to the household: no search for components is needed.
CREATE TEMP TABLE keyed AS
WITH households AS (
    SELECT phone, last_name_key, min(email) AS home_email, count(*) > 1 AS shared
    FROM nodes
    WHERE phone IS NOT NULL AND last_name_key IS NOT NULL
    GROUP BY phone, last_name_key
    HAVING min(email) IS NOT DISTINCT FROM max(email)
)
SELECT
    source, customer_id, email, customer, coalesce(shared, false) AS by_phone,
    source || ':' || customer_id AS own_key,
    coalesce(email, home_email, phone || ':' || h.last_name_key, own_key) AS key
FROM nodes LEFT JOIN households h USING (phone, last_name_key);

CREATE OR REPLACE TABLE identities AS
WITH sized AS (
    SELECT *,
        count(*) FILTER (customer) OVER (PARTITION BY key) > 10 AS crowd,
        count(email) OVER (PARTITION BY key, email) > 1 AS by_email
    FROM keyed
)
SELECT
    source, customer_id,
    'p1-' || dense_rank() OVER (ORDER BY if(crowd, own_key, key)) AS person,
    CASE WHEN crowd THEN 'id' WHEN by_email THEN 'email' WHEN by_phone THEN 'phone' ELSE 'id' END AS joined_by,
    TIMESTAMP '2026-11-20 12:00:00' AS since
FROM sized;

-- 2. What is known of each person.
CREATE TEMP TABLE records AS
SELECT
    person, source, customer_id, email, phone, first_name, last_name, language, account_status, birth_date, gender,
    tags_key, verified_email, created_on, email_subscription_status, email_consent_at, sms_subscription_status,
    sms_consent_at, ads_consent,
    row_number() OVER (PARTITION BY person ORDER BY updated_at DESC, created_at DESC, source, customer_id) - 1 AS place
FROM customers c JOIN identities USING (source, customer_id)
WHERE deleted_at IS NULL AND (created_at IS NULL OR created_at <= TIMESTAMP '2026-11-20 12:00:00');

CREATE TEMP TABLE owners AS
SELECT person, o.source, email, phone, max(ordered_at) AS latest
FROM orders o JOIN identities i ON o.source = i.source AND o.owner = i.customer_id
WHERE ordered_at <= TIMESTAMP '2026-11-20 12:00:00' AND NOT EXISTS (
    SELECT 1 FROM customers c WHERE c.source = o.source AND c.customer_id = o.owner)
GROUP BY ALL;

CREATE OR REPLACE TABLE identifiers AS
WITH given AS (
    SELECT person, source, 'email' AS kind, email AS value, coalesce(verified_email, false) AS verified, place,
        NULL::TIMESTAMP AS latest FROM records WHERE email IS NOT NULL
    UNION ALL
    SELECT person, source, 'phone', phone, false, place, NULL FROM records WHERE phone IS NOT NULL
    UNION ALL
    SELECT person, source, 'email', email, false, 1e9::BIGINT, latest FROM owners WHERE email IS NOT NULL
    UNION ALL
    SELECT person, source, 'phone', phone, false, 1e9::BIGINT, latest FROM owners WHERE phone IS NOT NULL
),
each AS (
    SELECT person, kind, value, bool_or(verified) AS verified, min(place) AS place, max(latest) AS latest,
        list_sort(list_distinct(list(source))) AS sources
    FROM given GROUP BY person, kind, value
),
words AS (
    SELECT 'email' AS kind, email AS value, email_subscription_status AS consent, email_consent_at AS consent_at,
        list_position(['REDACTED', 'INVALID', 'UNSUBSCRIBED', 'PENDING', 'NOT_SUBSCRIBED', 'SUBSCRIBED'], consent)
            AS strict
    FROM records WHERE email IS NOT NULL AND strict IS NOT NULL
    UNION ALL
    SELECT 'phone', phone, sms_subscription_status, sms_consent_at,
        list_position(['REDACTED', 'UNSUBSCRIBED', 'PENDING', 'NOT_SUBSCRIBED', 'SUBSCRIBED'], sms_subscription_status)
            AS strict
    FROM records WHERE phone IS NOT NULL AND strict IS NOT NULL
),
consents AS (
    SELECT kind, value, consent, consent_at FROM words
    QUALIFY row_number() OVER (PARTITION BY kind, value ORDER BY strict, consent_at DESC) = 1
)
SELECT person, kind, value,
    row_number() OVER (PARTITION BY person, kind ORDER BY verified DESC, place, latest DESC, value) AS rank,
    sources, consent, consent_at, true AS deliverable
FROM each LEFT JOIN consents USING (kind, value);

CREATE OR REPLACE TABLE people AS
WITH everybody AS (
    SELECT person, list_sort(list_distinct(list(source))) AS sources
    FROM (SELECT person, source FROM records UNION ALL SELECT person, source FROM owners) GROUP BY person
),
facts AS (  -- arg_min passes over records that lack the fact
    SELECT person,
        arg_min(first_name, place) AS first_name, arg_min(last_name, place) AS last_name,
        arg_min(language, place) AS language, arg_min(account_status, place) AS account_status,
        arg_min(birth_date, place) AS birth_date, arg_min(gender, place) AS gender,
        list_sort(list_distinct(flatten(list(tags_key)))) AS tags_key,
        min(created_on) AS customer_added_on,
        ['DENIED', 'UNKNOWN', 'GRANTED'][min(list_position(['DENIED', 'UNKNOWN', 'GRANTED'], ads_consent))]
            AS ads_consent
    FROM records GROUP BY person
),
addresses_ranked AS (
    SELECT person, country, region, city, postal_code
    FROM addresses JOIN records USING (source, customer_id)
    WHERE is_default
    QUALIFY row_number() OVER (PARTITION BY person ORDER BY place, address_id) = 1
),
best AS (SELECT person, kind, value, consent FROM identifiers WHERE rank = 1)
SELECT
    person, e.value AS email, p.value AS phone, first_name, last_name, language, account_status, tags_key,
    e.consent AS email_subscription_status, p.consent AS sms_subscription_status,
    coalesce(ads_consent, 'UNKNOWN') AS ads_consent, birth_date, gender, customer_added_on, sources,
    country, region, city, postal_code, facts.person IS NULL AS guest
FROM everybody
LEFT JOIN facts USING (person)
LEFT JOIN best e ON e.person = everybody.person AND e.kind = 'email'
LEFT JOIN best p ON p.person = everybody.person AND p.kind = 'phone'
LEFT JOIN addresses_ranked USING (person);

-- 3. Traits and segments: one pass over orders, one over the lines of tagged products.
CREATE OR REPLACE TABLE traits AS
WITH live AS (
    SELECT person, o.source, order_id, ordered_on, country_key,
        CASE currency WHEN 'USD' THEN net WHEN 'CAD' THEN (net * 0.72)::DECIMAL(18, 4)
            WHEN 'EUR' THEN (net * 1.08)::DECIMAL(18, 4) END AS amount
    FROM orders o JOIN identities i ON o.source = i.source AND o.owner = i.customer_id
    WHERE live AND ordered_at <= TIMESTAMP '2026-11-20 12:00:00'
),
bought AS (
    SELECT person, count(*) AS orders, sum(amount) AS spent, count(amount) AS priced,
        min(ordered_on) AS first_on, max(ordered_on) AS last_on,
        bool_or(country_key IN ('us', 'ca')) AS north_america
    FROM live GROUP BY person
),
organic AS (
    SELECT person, count(*) AS lines
    FROM order_lines JOIN live USING (source, order_id)
    WHERE list_contains(tags_key, 'organic') AND ordered_on >= DATE '2025-11-20'
    GROUP BY person
),
living AS (
    SELECT DISTINCT person FROM addresses JOIN identities USING (source, customer_id) WHERE country_key IN ('us', 'ca')
),
known AS (
    SELECT person,
        coalesce(orders, 0) AS number_of_orders,
        coalesce(spent, 0)::DECIMAL(18, 2) AS amount_spent,
        (spent / nullif(priced, 0))::DECIMAL(18, 2) AS average_order_value,
        first_on AS first_order_date, last_on AS last_order_date,
        tags_key AS customer_tags, email_subscription_status,
        coalesce(lines, 0) AS organic_lines,
        coalesce(north_america, false) OR living.person IS NOT NULL AS in_north_america
    FROM people LEFT JOIN bought USING (person) LEFT JOIN organic USING (person) LEFT JOIN living USING (person)
    WHERE customer_added_on IS NULL OR customer_added_on <= DATE '2026-11-20'
)
SELECT
    person, customer_tags, email_subscription_status, number_of_orders, amount_spent, average_order_value,
    first_order_date, last_order_date,
    number_of_orders >= 3 AND amount_spent > 500 AS in_vip,
    coalesce(last_order_date < DATE '2026-07-23', false) AND number_of_orders >= 4 AS in_lapsed,
    coalesce(last_order_date >= DATE '2026-10-21', false) AS in_recent,
    organic_lines >= 2 AS in_organic,
    in_north_america,
    coalesce(list_contains(customer_tags, 'wholesale'), false) AS in_wholesale,
    coalesce(email_subscription_status = 'SUBSCRIBED', false) AS in_subscribed,
    NOT coalesce(last_order_date >= DATE '2026-09-21', false) AS in_quiet,
    amount_spent BETWEEN 100 AND 300 AS in_middle,
    in_vip AND in_subscribed AS in_subscribed_vip
FROM known;

CREATE OR REPLACE TABLE members AS
SELECT segment[4:] AS segment, person, DATE '2026-11-20' AS entered_on, 1::BIGINT AS run_id
FROM (UNPIVOT (SELECT person, columns('in_.*') FROM traits) ON columns('in_.*') INTO NAME segment VALUE member)
WHERE member;

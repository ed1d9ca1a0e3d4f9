-- Money is the shop's (shopMoney). `net`, what counts as spend, is what the order comes to after edits and returns,
-- shipping and taxes included. `gross` is what its lines cost before discounts.
WITH totals AS (
    SELECT
        n,
        sum(try_cast(originalTotalSet.shopMoney.amount AS DECIMAL(18, 4))) AS gross,
        sum(try_cast(quantity AS BIGINT))::BIGINT AS items
    FROM children
    WHERE __typename = 'LineItem'
    GROUP BY n
)
SELECT
    n,
    number(id) AS order_id,
    number(customer.id) AS customer_id,
    email,
    phone,
    coalesce(billingAddress.countryCodeV2, shippingAddress.countryCodeV2) AS phone_country,
    processedAt AS ordered_at,
    updatedAt AS updated_at,
    cancelledAt AS cancelled_at,
    test,
    displayFinancialStatus AS financial_status,
    currentTotalPriceSet.shopMoney.currencyCode AS currency,
    totals.gross::VARCHAR AS gross,
    totalDiscountsSet.shopMoney.amount AS discount,
    totalShippingPriceSet.shopMoney.amount AS shipping,
    totalTaxSet.shopMoney.amount AS tax,
    totalRefundedSet.shopMoney.amount AS refunded,
    currentTotalPriceSet.shopMoney.amount AS net,
    discountCodes AS discount_codes,
    CASE
        WHEN sourceName IN ('web', '580111') THEN 'online_store'
        WHEN sourceName IN ('pos', '129785') THEN 'pos'
        WHEN sourceName = 'shopify_draft_order' THEN 'draft_order'
        WHEN sourceName IN ('iphone', 'android') THEN 'shopify_mobile'
        WHEN regexp_full_match(sourceName, '[0-9]+') THEN 'other'
        ELSE nullif(sourceName, '')
    END AS channel,
    sourceName AS source_name,
    number(app.id) AS app_id,
    coalesce(shippingAddress, billingAddress).countryCodeV2 AS country,
    coalesce(shippingAddress, billingAddress).countryCodeV2
    || '-' || nullif(coalesce(shippingAddress, billingAddress).provinceCode, '') AS region,
    coalesce(shippingAddress, billingAddress).city AS city,
    coalesce(shippingAddress, billingAddress).zip AS postal_code,
    coalesce(customerJourneySummary.lastVisit.utmParameters.source, customerJourneySummary.lastVisit.source)
        AS visit_source,
    customerJourneySummary.lastVisit.utmParameters.medium AS visit_medium,
    customerJourneySummary.lastVisit.utmParameters.campaign AS visit_campaign,
    totals.items
FROM roots LEFT JOIN totals USING (n)
ORDER BY n

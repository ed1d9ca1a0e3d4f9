SELECT
    n,
    number(id) AS checkout_id,
    number(customer.id) AS customer_id,
    createdAt AS created_at,
    completedAt AS completed_at,
    totalPriceSet.shopMoney.currencyCode AS currency,
    totalPriceSet.shopMoney.amount AS amount
FROM roots
ORDER BY n

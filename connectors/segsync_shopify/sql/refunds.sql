SELECT
    n,
    number(refund.id) AS refund_id,
    number(order_id) AS order_id,
    coalesce(refund.processedAt, refund.createdAt) AS refunded_at,
    refund.totalRefundedSet.shopMoney.currencyCode AS currency,
    refund.totalRefundedSet.shopMoney.amount AS amount
FROM (
    SELECT n, id AS order_id, unnest(refunds) AS refund
    FROM roots
)
ORDER BY n, refund.id

-- `net` is after all discounts and without what was refunded or removed, before taxes; `discount` is without those
-- that were given to the order as a whole.
SELECT
    n,
    number(__parentId) AS order_id,
    number(id) AS line_id,
    number(product.id) AS product_id,
    number(variant.id) AS variant_id,
    sku,
    title,
    product.productType AS product_type,
    vendor,
    product.tags AS tags,
    quantity,
    currentQuantity AS net_quantity,
    originalTotalSet.shopMoney.amount AS gross,
    (
        try_cast(originalTotalSet.shopMoney.amount AS DECIMAL(18, 4))
        - try_cast(discountedTotalSet.shopMoney.amount AS DECIMAL(18, 4))
    )::VARCHAR AS discount,
    priceAfterAllDiscountsBeforeTaxesSet.shopMoney.amount AS net,
    isGiftCard AS gift_card
FROM children
WHERE __typename = 'LineItem'
ORDER BY n, id

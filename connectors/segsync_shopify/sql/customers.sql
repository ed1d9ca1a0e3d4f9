SELECT
    n,
    number(id) AS customer_id,
    defaultEmailAddress.emailAddress AS email,
    defaultPhoneNumber.phoneNumber AS phone,
    defaultAddress.countryCodeV2 AS phone_country,
    firstName AS first_name,
    lastName AS last_name,
    locale AS language,
    state AS account_status,
    tags,
    -- From API version 2026-10 on, NOT_SUBSCRIBED is called NEVER_SUBSCRIBED.
    replace(defaultEmailAddress.marketingState, 'NEVER_SUBSCRIBED', 'NOT_SUBSCRIBED') AS email_subscription_status,
    defaultEmailAddress.marketingUpdatedAt AS email_consent_at,
    replace(defaultPhoneNumber.marketingState, 'NEVER_SUBSCRIBED', 'NOT_SUBSCRIBED') AS sms_subscription_status,
    defaultPhoneNumber.marketingUpdatedAt AS sms_consent_at,
    CASE
        WHEN dataSaleOptOut = 'true' THEN 'DENIED'
        WHEN 'REDACTED' IN (defaultEmailAddress.marketingState, defaultPhoneNumber.marketingState) THEN 'DENIED'
    END AS ads_consent,
    createdAt AS created_at,
    updatedAt AS updated_at,
    verifiedEmail AS verified_email,
    productSubscriberStatus AS subscriber_status,
    numberOfOrders AS platform_orders,
    json_merge_patch('{}', json_object(
        'rfm_group', statistics.rfmGroup,
        'predicted_spend_tier', statistics.predictedSpendTier,
        'number_of_orders', numberOfOrders,
        'amount_spent', amountSpent.amount
    )) AS platform_scores
FROM roots
ORDER BY n

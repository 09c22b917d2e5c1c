-- Funnel by referrer
-- Answers: From which sites come the sessions that buy?
-- Reading: As funnel-by-day, with the host of each session's first referrer in place of the day; `(none)` is without
-- a referrer, or with one that has no host. The 50 referrers with most sessions.
SELECT
    coalesce(nullif(lower(regexp_extract(referrer, '^[A-Za-z][A-Za-z0-9+.-]*://([^/?#:]+)', 1)), ''), '(none)')
        AS referrer_host,
    count(*) AS sessions,
    count(*) FILTER (page_views > 0) AS viewed,
    count(*) FILTER (page_views > 0 AND carts > 0) AS carted,
    count(*) FILTER (page_views > 0 AND carts > 0 AND purchases > 0) AS purchased,
    carted / nullif(viewed, 0) AS cart_rate,
    wilson_low(carted, viewed) AS cart_low,
    wilson_high(carted, viewed) AS cart_high,
    purchased / nullif(carted, 0) AS purchase_rate,
    wilson_low(purchased, carted) AS purchase_low,
    wilson_high(purchased, carted) AS purchase_high
FROM sessions
WHERE merged_into IS NULL
GROUP BY referrer_host
ORDER BY sessions DESC, referrer_host
LIMIT 50

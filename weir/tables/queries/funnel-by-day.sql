-- Funnel by day
-- Answers: Of each day's sessions, how many looked at pages, put something into the cart, and bought?
-- Reading: A step counts sessions that took the steps before it, too. `_low` and `_high` bound the rate at 95 %
-- (Wilson's interval): two days whose intervals overlap widely can't be distinguished. Days are of the session's start,
-- in UTC. Flagged sessions are among them.
SELECT
    day,
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
GROUP BY day
ORDER BY day

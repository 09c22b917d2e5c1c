-- Returning visitors
-- Answers: Of each day's visitors, how many had come on an earlier day?
-- Reading: `fresh` visitors have their first session of the table on that day. The first days count visitors as fresh
-- who had come before the table began. A visitor without a cookie is never a returning one.
WITH firsts AS (
    SELECT visitor_id, min(day) AS first_day
    FROM sessions
    WHERE merged_into IS NULL
    GROUP BY visitor_id
)
SELECT
    day,
    count(DISTINCT visitor_id) AS visitors,
    count(DISTINCT visitor_id) FILTER (day = first_day) AS fresh,
    count(DISTINCT visitor_id) FILTER (day > first_day) AS returning_visitors,
    returning_visitors / visitors AS share,
    wilson_low(returning_visitors, visitors) AS low,
    wilson_high(returning_visitors, visitors) AS high
FROM sessions
JOIN firsts USING (visitor_id)
WHERE merged_into IS NULL
GROUP BY day
ORDER BY day

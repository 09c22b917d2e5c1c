-- Cohorts
-- Answers: Of the visitors who first came on a day, how many came again so many days later?
-- Reading: `first_day` is the visitor's first day in the table, `days_after` counts from there, and `share` is of the
-- cohort, which is the row of 0 days. The first cohorts hold visitors who had come before the table began.
WITH firsts AS (
    SELECT visitor_id, min(day) AS first_day
    FROM sessions
    WHERE merged_into IS NULL
    GROUP BY visitor_id
)
SELECT
    first_day,
    date_diff('day', first_day, day) AS days_after,
    count(DISTINCT visitor_id) AS visitors,
    visitors / first_value(visitors) OVER (PARTITION BY first_day ORDER BY days_after) AS share
FROM sessions
JOIN firsts USING (visitor_id)
WHERE merged_into IS NULL
GROUP BY first_day, days_after
ORDER BY first_day, days_after

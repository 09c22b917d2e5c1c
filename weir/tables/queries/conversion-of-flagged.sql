-- Conversion of flagged sessions
-- Answers: Do sessions that Weir flags buy less than those that it lets pass?
-- Reading: A session is flagged if its newest flag says `review`, `throttle` or `block`. A rate of the flagged near
-- that of the unflagged says that many of them are benign. `low` and `high` bound the rate at 95 % (Wilson's interval).
WITH newest AS (
    SELECT session_id, verdict
    FROM flags
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY kafka_offset DESC) = 1
)
SELECT
    CASE WHEN coalesce(newest.verdict, 'allow') = 'allow' THEN 'unflagged' ELSE 'flagged' END AS kind,
    count(*) AS sessions,
    count(DISTINCT sessions.visitor_id) AS visitors,
    count(*) FILTER (sessions.purchases > 0) AS purchased,
    purchased / count(*) AS conversion,
    wilson_low(purchased, count(*)) AS low,
    wilson_high(purchased, count(*)) AS high
FROM sessions
LEFT JOIN newest USING (session_id)
WHERE sessions.merged_into IS NULL
GROUP BY kind
ORDER BY kind

-- Revenue by currency
-- Answers: How much was bought, in which currency, and how much of it in sessions that are blocked?
-- Reading: Sums of the purchases' values, never converted. `other` holds the currencies past a session's cap.
-- `revenue_blocked` is of sessions whose newest flag says `block`.
WITH newest AS (
    SELECT session_id, verdict
    FROM flags
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY kafka_offset DESC) = 1
),
sums AS (
    SELECT session_id, visitor_id, unnest(map_entries(revenue)) AS entry
    FROM sessions
    WHERE merged_into IS NULL
)
SELECT
    entry.key AS currency,
    count(*) AS sessions,
    count(DISTINCT visitor_id) AS visitors,
    sum(entry.value) AS revenue,
    sum(entry.value) / count(*) AS revenue_per_session,
    coalesce(sum(entry.value) FILTER (newest.verdict = 'block'), 0) AS revenue_blocked
FROM sums
LEFT JOIN newest USING (session_id)
GROUP BY currency
ORDER BY currency

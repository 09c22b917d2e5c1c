-- Top bots
-- Answers: Which reasons block most sessions, and how many visitors are behind them?
-- Reading: Of sessions whose newest flag says `block`. A session with several reasons counts for each. Many sessions
-- of few visitors are a crawler that keeps its cookie; as many visitors as sessions are one that drops it.
WITH newest AS (
    SELECT *
    FROM flags
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY kafka_offset DESC) = 1
),
reasons AS (
    SELECT session_id, visitor_id, stage, ts, unnest(reasons) AS reason
    FROM newest
    WHERE verdict = 'block'
)
SELECT
    reason.id AS reason_id,
    stage,
    count(DISTINCT session_id) AS sessions,
    count(DISTINCT visitor_id) AS visitors,
    min(ts) AS first_seen,
    max(ts) AS last_seen
FROM reasons
GROUP BY reason_id, stage
ORDER BY sessions DESC, visitors DESC, reason_id, stage
LIMIT 50

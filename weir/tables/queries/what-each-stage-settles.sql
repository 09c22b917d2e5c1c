-- What each stage settles
-- Answers: Which stage of the cascade decides how many sessions, and how?
-- Reading: Of the newest flag of each session. A session that was never flagged is in no row; `share` is of the
-- flagged ones. Stages stand in the order in which they speak.
WITH newest AS (
    SELECT *
    FROM flags
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY kafka_offset DESC) = 1
)
SELECT
    stage,
    verdict,
    count(*) AS sessions,
    count(DISTINCT visitor_id) AS visitors,
    count(*) / sum(count(*)) OVER () AS share
FROM newest
GROUP BY stage, verdict
ORDER BY list_position(['rate_limit', 'heuristics', 'model', 'people', 'business_rule'], stage), verdict

-- Likely false positives
-- Answers: Which blocked sessions bought something, or were called `good` by people?
-- Reading: Each session that a flag blocked, by its newest such flag; `blocked_now` says whether its newest flag still
-- does. `good_by` names the people whose newest answer about the session is `good`. Bots buy, too, so a purchase is a
-- hint and an answer is more. An answer without a session is about the visitor's session that had begun last.
WITH blocks AS (
    SELECT session_id, visitor_id, stage, reasons, ts
    FROM flags
    WHERE verdict = 'block'
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY kafka_offset DESC) = 1
),
newest AS (
    SELECT session_id, verdict
    FROM flags
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY kafka_offset DESC) = 1
),
kept AS (
    SELECT session_id, visitor_id, start, purchases
    FROM sessions
    WHERE merged_into IS NULL
),
people AS (
    SELECT visitor_id, session_id, ts, label, source, kafka_offset
    FROM labels
    WHERE NOT starts_with(source, 'weak:') AND NOT starts_with(source, 'report:')
),
answers AS (
    SELECT session_id, visitor_id, ts, label, source, kafka_offset
    FROM people
    WHERE session_id IS NOT NULL
    UNION ALL
    SELECT kept.session_id, people.visitor_id, people.ts, people.label, people.source, people.kafka_offset
    FROM (FROM people WHERE session_id IS NULL AND label <> 'withdrawn') AS people
    ASOF JOIN kept ON people.visitor_id = kept.visitor_id AND people.ts >= kept.start
),
standing AS (
    SELECT session_id, visitor_id, ts, label, source
    FROM answers
    QUALIFY row_number() OVER (PARTITION BY session_id, source ORDER BY ts DESC, kafka_offset DESC) = 1
),
good AS (
    SELECT session_id, list(source ORDER BY source) AS good_by
    FROM standing
    WHERE label = 'good' AND NOT EXISTS (
        FROM people
        WHERE people.label = 'withdrawn' AND people.session_id IS NULL AND people.source = standing.source
            AND people.visitor_id = standing.visitor_id AND people.ts >= standing.ts
    )
    GROUP BY session_id
)
SELECT
    session_id,
    blocks.visitor_id,
    blocks.ts AS blocked_at,
    blocks.stage,
    list_transform(blocks.reasons, lambda reason: reason.id) AS reason_ids,
    coalesce(kept.purchases, 0) AS purchases,
    coalesce(good.good_by, []) AS good_by,
    newest.verdict = 'block' AS blocked_now
FROM blocks
JOIN newest USING (session_id)
LEFT JOIN kept USING (session_id)
LEFT JOIN good USING (session_id)
WHERE kept.purchases > 0 OR good.good_by IS NOT NULL
ORDER BY blocked_at DESC, session_id

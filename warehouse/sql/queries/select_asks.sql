-- Every clip asked about, with its round and the standing votes it has by now, those of some sources
-- when sources are named. Who skipped a clip has not answered. A withdrawn ask wants no more than it
-- has; one that has nothing is none.
WITH skipped AS (
    SELECT DISTINCT source, source_ref, cast_at FROM remarks WHERE abstention = 'skipped'
), received AS (
    SELECT clip_id, sum(count) AS votes_received
    FROM votes ANTI JOIN skipped USING (source, source_ref, cast_at)
    WHERE NOT is_retraction
        AND vote_id NOT IN (SELECT supersedes FROM votes WHERE supersedes IS NOT NULL)
        AND ($sources::VARCHAR[] IS NULL OR list_contains($sources::VARCHAR[], source))
    GROUP BY clip_id
), standing AS (
    SELECT
        asks.*,
        rounds.campaign,
        rounds.number,
        coalesce(votes_received, 0)::BIGINT AS votes_received,
        ask_id IN (SELECT ask_id FROM withdrawals) AS is_withdrawn
    FROM asks
    JOIN rounds USING (round_id)
    LEFT JOIN received USING (clip_id)
    WHERE $campaign IS NULL OR campaign = $campaign
)
SELECT * EXCLUDE (is_withdrawn) REPLACE (
    CASE WHEN is_withdrawn THEN least(votes_wanted, votes_received)::INTEGER ELSE votes_wanted END
        AS votes_wanted
)
FROM standing
WHERE NOT is_withdrawn OR votes_received > 0
ORDER BY campaign, number, ask_id

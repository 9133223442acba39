-- Every clip asked about, with its round and the standing votes it has by now,
-- those of some sources when sources are named.
WITH received AS (
    SELECT clip_id, sum(count) AS votes_received
    FROM votes
    WHERE NOT is_retraction
        AND vote_id NOT IN (SELECT supersedes FROM votes WHERE supersedes IS NOT NULL)
        AND ($sources::VARCHAR[] IS NULL OR list_contains($sources::VARCHAR[], source))
    GROUP BY clip_id
)
SELECT asks.*, rounds.campaign, rounds.number, coalesce(votes_received, 0)::BIGINT AS votes_received
FROM asks
JOIN rounds USING (round_id)
LEFT JOIN received USING (clip_id)
WHERE $campaign IS NULL OR campaign = $campaign
ORDER BY campaign, number, ask_id

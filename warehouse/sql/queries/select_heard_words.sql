-- What annotators wrote down of each clip: the latest words of an answer that stands.
WITH standing AS (
    SELECT DISTINCT source, source_ref, cast_at
    FROM votes
    ANTI JOIN (SELECT supersedes AS vote_id FROM votes) USING (vote_id)
    WHERE NOT is_retraction
)
SELECT clip_id, annotator, cast_at, transcript
FROM remarks
WHERE transcript IS NOT NULL
    AND ($corpus IS NULL OR starts_with(clip_id, concat($corpus, '/')))
    -- Whoever abstained at once has no row in the ledger, and nothing to withdraw there.
    AND (
        (source, source_ref, cast_at) IN (SELECT (source, source_ref, cast_at) FROM standing)
        OR (source, source_ref) NOT IN (SELECT (source, source_ref) FROM votes)
    )
QUALIFY row_number() OVER (PARTITION BY clip_id ORDER BY cast_at DESC, remark_id DESC) = 1
ORDER BY clip_id

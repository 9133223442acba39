-- Votes that stand: neither superseded nor retracted, and no retractions.
-- The corpus is read from the clip id, since votes may come before their clips.
WITH known AS (
    -- What was cast later had corrected nothing yet; without a time nobody knows.
    SELECT * FROM votes
    WHERE $cast_before::TIMESTAMP WITH TIME ZONE IS NULL
        OR cast_at < $cast_before::TIMESTAMP WITH TIME ZONE
)
SELECT * FROM known
WHERE NOT is_retraction
    AND vote_id NOT IN (SELECT supersedes FROM known WHERE supersedes IS NOT NULL)
    AND ($corpus IS NULL OR starts_with(clip_id, concat($corpus, '/')))
    AND ($taxonomy IS NULL OR taxonomy = $taxonomy)
    AND ($modality IS NULL OR modality = $modality)
    AND ($clip_ids IS NULL OR clip_id IN (SELECT unnest($clip_ids::VARCHAR[])))
ORDER BY vote_id

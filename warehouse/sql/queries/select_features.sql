-- The frames of current clips in one feature set; of all clips when none are named.
-- Clips are chosen before the join so that only keys, not frames, pass through the choice.
WITH chosen AS (
    SELECT clip_id, revision
    FROM current_clips
    WHERE $clip_ids IS NULL OR clip_id IN (SELECT unnest($clip_ids::VARCHAR[]))
)
SELECT clip_id, frames, bands, "values"
FROM features
SEMI JOIN chosen USING (clip_id, revision)
WHERE feature_set = $feature_set
ORDER BY clip_id

-- The audio of current clips; of all when none are named.
-- Clips are chosen before the join so that only keys, not samples, pass through the choice.
WITH chosen AS (
    SELECT clip_id, revision
    FROM current_clips
    WHERE $clip_ids IS NULL OR clip_id IN (SELECT unnest($clip_ids::VARCHAR[]))
)
SELECT clip_id, sample_rate, samples, pcm16
FROM waveforms
SEMI JOIN chosen USING (clip_id, revision)
ORDER BY clip_id

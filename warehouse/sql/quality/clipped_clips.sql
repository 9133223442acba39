-- title: Clipped recordings
-- severity: warning
-- counts: clip
-- why: Cut peaks add harmonics that sound like effort or anger.
-- do: Take the recording from a source that is not clipped, or check that clipping is alike in all classes.
SELECT clip_id, clipped_fraction, level_dbfs, speaker, intended
FROM judged_clips
WHERE is_own AND clipped_fraction >= $clipped_share
ORDER BY clipped_fraction DESC, clip_id

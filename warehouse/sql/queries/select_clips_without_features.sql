-- Current clips that lack a feature set, of one corpus or of all.
SELECT clip_id, revision, speech_end_s - speech_start_s AS speech_s
FROM current_clips
ANTI JOIN (SELECT clip_id, revision FROM features WHERE feature_set = $feature_set)
    USING (clip_id, revision)
WHERE $corpus IS NULL OR corpus = $corpus
ORDER BY clip_id

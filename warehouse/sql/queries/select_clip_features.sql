-- Which feature sets one clip has, in its current revision.
SELECT feature_set, feature_sets.kind, feature_sets.parameters, features.frames, features.bands
FROM features
JOIN current_clips USING (clip_id, revision)
JOIN feature_sets USING (feature_set)
WHERE clip_id = $clip_id
ORDER BY feature_set

-- A shard row that no clip describes is unreachable.
SELECT clip_id, revision, feature_set FROM features ANTI JOIN clips USING (clip_id, revision)

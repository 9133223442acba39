-- A shard row that no clip describes is unreachable.
SELECT clip_id, revision FROM waveforms ANTI JOIN clips USING (clip_id, revision)

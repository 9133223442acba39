-- A clip without audio can be neither heard nor scored.
SELECT clip_id, revision FROM clips ANTI JOIN waveforms USING (clip_id, revision)

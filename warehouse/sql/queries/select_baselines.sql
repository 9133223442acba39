-- Every baseline, or those of one model, or of one speaker.
SELECT * FROM baselines
WHERE ($model_id IS NULL OR model_id = $model_id) AND ($speaker IS NULL OR speaker = $speaker)
ORDER BY model_id, speaker, baseline_id

-- Every measure of drift, or those of one model, the newest last.
SELECT * FROM drifts
WHERE $model_id IS NULL OR model_id = $model_id
ORDER BY model_id, measured_at, drift_id, measure

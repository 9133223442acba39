-- Every calibration, or those of one model.
SELECT * FROM calibrations
WHERE ($model_id IS NULL OR model_id = $model_id)
ORDER BY model_id, calibration_id

-- Every clip under one model.
SELECT * FROM predictions WHERE model_id = $model_id ORDER BY clip_id

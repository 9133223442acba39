-- Every bundle, or those of one model.
SELECT * FROM bundles
WHERE ($model_id IS NULL OR model_id = $model_id)
ORDER BY model_id, bundle_id

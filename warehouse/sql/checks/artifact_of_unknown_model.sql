-- What was made of a model is of no use to anybody without it.
SELECT 'bundles' AS table_name, bundle_id AS id, model_id FROM bundles ANTI JOIN models USING (model_id)
UNION ALL
SELECT 'calibrations', calibration_id, model_id FROM calibrations ANTI JOIN models USING (model_id)
UNION ALL
SELECT 'baselines', baseline_id, model_id FROM baselines ANTI JOIN models USING (model_id)

-- Every prediction comes from a model we can name.
SELECT model_id, clip_id FROM predictions ANTI JOIN models USING (model_id)

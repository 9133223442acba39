-- Every evaluation is of a model we can name.
SELECT evaluation_id, model_id FROM evaluations ANTI JOIN models USING (model_id)

-- Every model, oldest data first.
SELECT * FROM models ORDER BY snapshot, model_id

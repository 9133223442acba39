-- A posterior has one probability per class and sums to 1, to single precision.
SELECT model_id, clip_id, posterior
FROM predictions
JOIN models USING (model_id)
WHERE len(posterior) <> len(classes) OR NOT abs(list_sum(posterior) - 1) < 1e-4

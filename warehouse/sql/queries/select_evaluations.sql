-- Every evaluation of every model.
SELECT * FROM evaluations ORDER BY model_id, part, evaluation_id

-- Every decision of the gate, or those of one line, or of one model.
SELECT * FROM gates
WHERE ($line IS NULL OR line = $line) AND ($model_id IS NULL OR model_id = $model_id)
ORDER BY line, decided_at, gate_id

-- Every clip of one aggregation run.
SELECT * FROM consensus WHERE run_id = $run_id ORDER BY clip_id, modality

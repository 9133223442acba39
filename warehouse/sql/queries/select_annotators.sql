-- Every annotator of one aggregation run.
SELECT * FROM annotators WHERE run_id = $run_id ORDER BY annotator, modality

-- Every annotator's skill belongs to an aggregation run.
SELECT run_id, annotator FROM annotators ANTI JOIN consensus_runs USING (run_id)

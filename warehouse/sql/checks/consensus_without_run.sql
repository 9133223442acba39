-- Every consensus belongs to an aggregation run.
SELECT run_id, clip_id FROM consensus ANTI JOIN consensus_runs USING (run_id)

-- Every aggregation run.
SELECT * FROM consensus_runs ORDER BY snapshot, run_id

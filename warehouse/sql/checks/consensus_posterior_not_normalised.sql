-- A posterior has one probability per class and sums to 1.
SELECT run_id, clip_id, consensus.modality, posterior
FROM consensus
JOIN consensus_runs USING (run_id)
WHERE len(posterior) <> len(classes) OR NOT abs(list_sum(posterior) - 1) < 1e-6

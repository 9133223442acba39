-- What every aggregation run said of one clip, in the order in which the runs read the ledger.
SELECT
    consensus_runs.snapshot,
    run_id,
    consensus_runs.aggregator,
    consensus_runs.taxonomy,
    consensus.modality,
    consensus.label,
    consensus.is_tie,
    consensus.entropy,
    consensus.votes
FROM consensus
JOIN consensus_runs USING (run_id)
WHERE consensus.clip_id = $clip_id
ORDER BY consensus_runs.snapshot, run_id, consensus.modality

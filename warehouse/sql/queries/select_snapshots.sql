-- When each snapshot from some number on was committed; expired ones are gone.
SELECT snapshot_id::BIGINT AS snapshot, snapshot_time::TIMESTAMP WITH TIME ZONE AS committed_at
FROM ducklake_snapshots('lake')
WHERE snapshot_id >= $since
ORDER BY snapshot_id

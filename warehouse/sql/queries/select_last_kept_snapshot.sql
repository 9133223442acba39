-- The last snapshot up to some number that has not been expired; the first of all never is.
SELECT max(snapshot_id)::BIGINT AS snapshot FROM ducklake_snapshots('lake') WHERE snapshot_id <= $upto

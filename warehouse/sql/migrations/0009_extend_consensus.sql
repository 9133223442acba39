-- What one more vote on a clip is worth, and into which taxonomy votes were mapped; older runs
-- do not say.
ALTER TABLE consensus ADD COLUMN expected_gain DOUBLE;
ALTER TABLE consensus ADD COLUMN ambiguity DOUBLE;
ALTER TABLE consensus ADD COLUMN ignorance DOUBLE;
ALTER TABLE consensus_runs ADD COLUMN mapping VARCHAR;

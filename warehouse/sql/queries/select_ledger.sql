-- Every row of the vote ledger, superseded votes and retractions too.
SELECT * FROM votes
WHERE $clip_ids IS NULL OR clip_id IN (SELECT unnest($clip_ids::VARCHAR[]))
ORDER BY vote_id

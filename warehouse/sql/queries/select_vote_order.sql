-- Ids of the rows of the ledger on some clips, in the order in which they came.
SELECT vote_id FROM votes
WHERE clip_id IN (SELECT unnest($clip_ids::VARCHAR[]))
ORDER BY rowid

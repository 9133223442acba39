-- How many rows of the ledger do not say when they were cast, by source; rows that rate only,
-- and neither correct nor retract, are no matter of labels.
SELECT source, count(*) AS "rows" FROM votes
WHERE cast_at IS NULL
    AND (label IS NOT NULL OR supersedes IS NOT NULL)
    AND ($corpus IS NULL OR starts_with(clip_id, concat($corpus, '/')))
    AND ($clip_ids IS NULL OR clip_id IN (SELECT unnest($clip_ids::VARCHAR[])))
GROUP BY source
ORDER BY source

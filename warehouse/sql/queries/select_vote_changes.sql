-- What changed the votes that stand between two snapshots: votes that came, and votes that
-- something that came replaces or withdraws.
WITH came AS (
    SELECT * FROM ducklake_table_insertions('lake', 'main', 'votes', $kept, $until)
    WHERE snapshot_id > $after
)
SELECT *, true AS stands FROM came
WHERE NOT is_retraction
    AND vote_id NOT IN (SELECT supersedes FROM votes WHERE supersedes IS NOT NULL)
    AND ($corpus IS NULL OR starts_with(clip_id, concat($corpus, '/')))
    AND ($modality IS NULL OR modality = $modality)
UNION ALL
SELECT *, false AS stands FROM votes
WHERE NOT is_retraction
    AND vote_id IN (SELECT supersedes FROM came WHERE supersedes IS NOT NULL)
    AND ($corpus IS NULL OR starts_with(clip_id, concat($corpus, '/')))
    AND ($modality IS NULL OR modality = $modality)
ORDER BY vote_id

-- Votes that stand: neither superseded nor retracted, and no retractions.
-- The corpus is read from the clip id, since votes may come before their clips.
SELECT * FROM votes
WHERE NOT is_retraction
    AND vote_id NOT IN (SELECT supersedes FROM votes WHERE supersedes IS NOT NULL)
    AND ($corpus IS NULL OR starts_with(clip_id, concat($corpus, '/')))
    AND ($taxonomy IS NULL OR taxonomy = $taxonomy)
    AND ($modality IS NULL OR modality = $modality)
    AND ($clip_ids IS NULL OR clip_id IN (SELECT unnest($clip_ids::VARCHAR[])))
ORDER BY vote_id

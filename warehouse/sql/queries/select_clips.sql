-- The current revision of every clip, of one corpus or of all.
SELECT * FROM clips
WHERE $corpus IS NULL OR corpus = $corpus
QUALIFY revision = max(revision) OVER (PARTITION BY clip_id)
ORDER BY clip_id

-- The current revision of every clip, of one corpus or of all.
SELECT * FROM current_clips
WHERE $corpus IS NULL OR corpus = $corpus
ORDER BY clip_id

-- What recognisers and files say of current clips, of one corpus or of all; later editions last.
SELECT transcripts.*
FROM transcripts
SEMI JOIN current_clips USING (clip_id, revision)
WHERE $corpus IS NULL OR starts_with(clip_id, concat($corpus, '/'))
ORDER BY clip_id, split_part(source, ':', 1), edition, source

-- Every refused file, of one corpus or of all.
SELECT * FROM rejects
WHERE $corpus IS NULL OR corpus = $corpus
ORDER BY corpus, path, audio_sha256

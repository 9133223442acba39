-- The files of a corpus that were there before and that a scan saw no more: their next rows.
WITH known AS (
    SELECT * FROM sources
    WHERE corpus = $corpus
    QUALIFY observation = max(observation) OVER (PARTITION BY path)
)
SELECT
    corpus,
    path,
    observation + 1 AS observation,
    'vanished' AS state,
    audio_sha256,
    source_bytes,
    source_mtime_ns
FROM known
ANTI JOIN seen USING (path)
WHERE state = 'present'
ORDER BY path

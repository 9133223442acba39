-- title: Source files that are gone
-- severity: warning
-- counts: file
-- why: Their clips are still here, but can no longer be made again or compared with the original.
-- do: Put the file back and ingest again; a file at a new path is the same file renamed.
WITH latest AS (
    SELECT * FROM sources
    SEMI JOIN judged_corpora USING (corpus)
    QUALIFY observation = max(observation) OVER (PARTITION BY corpus, path)
), renamed AS (
    SELECT corpus, audio_sha256, min(path) AS now_at FROM latest
    WHERE state = 'present' AND audio_sha256 != ''
    GROUP BY ALL
), made AS (
    SELECT corpus, path, count(*) AS clips FROM judged_clips GROUP BY ALL
)
SELECT
    latest.corpus,
    latest.path,
    coalesce(made.clips, 0) AS clips,
    renamed.now_at,
    latest.source_bytes
FROM latest
LEFT JOIN renamed USING (corpus, audio_sha256)
LEFT JOIN made ON made.corpus = latest.corpus AND made.path = latest.path
WHERE latest.state = 'vanished'
ORDER BY clips DESC, latest.corpus, latest.path

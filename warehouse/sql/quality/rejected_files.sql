-- title: Files that were refused
-- severity: warning
-- counts: file
-- total: files
-- why: They are part of the corpus as published, and no part of anything here.
-- do: Repair or replace them, and ingest again; a reason that most files share is a wrong folder.
WITH latest AS (
    SELECT corpus, path, audio_sha256, state FROM sources
    QUALIFY observation = max(observation) OVER (PARTITION BY corpus, path)
)
SELECT
    rejects.corpus,
    reason,
    count(*) AS files,
    min(rejects.path) AS example,
    arg_min(detail, rejects.path) AS detail
FROM rejects
SEMI JOIN judged_corpora ON judged_corpora.corpus = rejects.corpus
LEFT JOIN latest ON latest.corpus = rejects.corpus AND latest.path = rejects.path
-- A file that was mended or deleted since is refused no more.
WHERE latest.path IS NULL
    OR (latest.state = 'present' AND latest.audio_sha256 = rejects.audio_sha256)
GROUP BY rejects.corpus, reason
ORDER BY files DESC, rejects.corpus, reason

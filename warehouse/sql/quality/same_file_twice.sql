-- title: The same file several times
-- severity: warning
-- counts: clip
-- total: copies
-- why: Copies count twice in every figure, and across a split they test a model on what it learned.
-- do: Keep one file of each group; until then splits keep a group together.
WITH repeated AS (
    SELECT audio_sha256 FROM judged_clips
    GROUP BY audio_sha256
    HAVING min(source) != max(source)
)
SELECT
    audio_sha256[:12] AS audio,
    count(DISTINCT source) AS copies,
    list(DISTINCT corpus ORDER BY corpus) AS corpora,
    list(DISTINCT path ORDER BY path)[:4] AS paths
FROM judged_clips
SEMI JOIN repeated USING (audio_sha256)
GROUP BY judged_clips.audio_sha256
HAVING bool_or(is_own)
ORDER BY copies DESC, judged_clips.audio_sha256

-- title: The same file under different labels or speakers
-- severity: error
-- counts: clip
-- total: copies
-- why: The bytes are equal, so at least one of the labels or one of the speakers is wrong.
-- do: Listen, correct the corpus's table or delete the wrong copy, and ingest again.
WITH repeated AS (
    SELECT audio_sha256 FROM judged_clips
    GROUP BY audio_sha256
    HAVING min(source) != max(source)
        AND (min(intended) != max(intended) OR min(speaker) != max(speaker))
)
SELECT
    list(DISTINCT intended ORDER BY intended) AS labels,
    list(DISTINCT speaker ORDER BY speaker) AS speakers,
    count(DISTINCT source) AS copies,
    list(DISTINCT clip_id ORDER BY clip_id)[:4] AS clips,
    audio_sha256[:12] AS audio
FROM judged_clips
SEMI JOIN repeated USING (audio_sha256)
GROUP BY judged_clips.audio_sha256
HAVING bool_or(is_own)
    -- Corpora name one person differently, so each may have a name of its own.
    AND (count(DISTINCT intended) > 1 OR count(DISTINCT speaker) > count(DISTINCT corpus))
ORDER BY copies DESC, judged_clips.audio_sha256

-- A page of current clips with what tells whether two hold the same audio.
-- Of more than a hundred exact copies the others have no fingerprint: one is compared for all.
WITH numbered AS (
    SELECT
        clip_id,
        revision,
        audio_sha256,
        speech_start_s,
        speech_end_s,
        row_number() OVER (
            PARTITION BY audio_sha256, speech_start_s, speech_end_s ORDER BY clip_id
        ) AS place
    FROM current_clips
), page AS (
    SELECT * FROM numbered
    ANTI JOIN (SELECT * FROM comparisons WHERE $only_new) AS done USING (clip_id, revision)
    WHERE clip_id > $after
    ORDER BY clip_id
    LIMIT $limit
)
SELECT
    clip_id,
    revision,
    audio_sha256,
    speech_start_s,
    speech_end_s,
    CASE WHEN place <= 100 THEN fingerprint END AS fingerprint
FROM page
JOIN waveforms USING (clip_id, revision)
ORDER BY clip_id

-- Pairs of current clips with the same bytes and speech span that are not in `duplicates` yet.
-- Of more than a hundred copies each is paired with the first only: all pairs would be too many.
WITH contents AS (
    SELECT
        clip_id,
        revision,
        audio_sha256,
        speech_start_s,
        speech_end_s,
        count(*) OVER content AS copies,
        row_number() OVER (content ORDER BY clip_id) AS place
    FROM current_clips
    WINDOW content AS (PARTITION BY audio_sha256, speech_start_s, speech_end_s)
), copied AS (
    SELECT * FROM contents WHERE copies > 1
)
SELECT
    one.clip_id, one.revision, other.clip_id AS other_id, other.revision AS other_revision
FROM copied AS one
JOIN copied AS other USING (audio_sha256, speech_start_s, speech_end_s)
ANTI JOIN duplicates ON
    duplicates.clip_id = one.clip_id
    AND duplicates.revision = one.revision
    AND duplicates.other_id = other.clip_id
    AND duplicates.other_revision = other.revision
WHERE one.place < other.place AND (one.place = 1 OR one.copies <= 100)
ORDER BY one.clip_id, other.clip_id

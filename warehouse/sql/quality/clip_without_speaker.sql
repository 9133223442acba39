-- title: Clips without a speaker
-- severity: warning
-- counts: clip
-- why: Nobody knows on which side of a split they belong, so they can never be tested on.
-- do: Add a `speaker` column to the corpus's table, if only one id for each recording session.
SELECT clip_id, path, intended, speech_s
FROM judged_clips
WHERE is_own AND speaker IS NULL
ORDER BY clip_id

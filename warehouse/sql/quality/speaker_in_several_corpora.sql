-- title: One speaker id in several corpora
-- severity: warning
-- counts: speaker
-- why: One person in two corpora leaks across a split of both; two persons under one id are merged.
-- do: Give the same person the same id everywhere and different persons different ids.
SELECT
    speaker,
    list(DISTINCT corpus ORDER BY corpus) AS corpora,
    list(DISTINCT gender ORDER BY gender) AS genders,
    count(*) AS clips
FROM judged_clips
WHERE speaker IS NOT NULL
GROUP BY speaker
HAVING count(DISTINCT corpus) > 1 AND bool_or(is_own)
ORDER BY clips DESC, speaker

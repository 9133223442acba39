-- title: Speakers whose stated gender differs between clips
-- severity: error
-- counts: speaker
-- why: Either the gender is wrong or two persons share an id, and then a split by speaker is not one.
-- do: Correct the corpus's table, and ingest again.
SELECT
    corpus,
    speaker,
    count(*) AS clips,
    histogram(gender) AS clips_by_gender,
    min(clip_id) AS example
FROM judged_clips
WHERE is_own AND speaker IS NOT NULL
GROUP BY corpus, speaker
HAVING count(DISTINCT gender) > 1
ORDER BY clips DESC, corpus, speaker

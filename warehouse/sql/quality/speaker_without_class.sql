-- title: Speakers who lack classes
-- severity: note
-- counts: speaker
-- why: Who speaks then says something about the class, and per-speaker recalls are undefined.
-- do: Choose speakers with all classes for the test part; normalise per speaker with care.
WITH present AS (
    SELECT corpus, list(DISTINCT intended ORDER BY intended) AS classes
    FROM judged_clips
    WHERE is_own AND intended IS NOT NULL
    GROUP BY corpus
), spoken AS (
    SELECT
        corpus,
        speaker,
        min(gender) AS gender,
        count(*) AS clips,
        list(DISTINCT intended) AS classes
    FROM judged_clips
    WHERE is_own AND intended IS NOT NULL AND speaker IS NOT NULL
    GROUP BY corpus, speaker
)
SELECT
    corpus,
    speaker,
    gender,
    clips,
    list_filter(present.classes, lambda class: NOT list_contains(spoken.classes, class)) AS missing
FROM spoken
INNER JOIN present USING (corpus)
WHERE len(spoken.classes) < len(present.classes)
ORDER BY len(missing) DESC, clips DESC, corpus, speaker

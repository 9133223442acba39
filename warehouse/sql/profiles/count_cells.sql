-- Per corpus: clips by class, speaker and gender, of the speakers with most clips.
WITH ranked AS (
    SELECT
        corpus,
        speaker,
        min(gender) AS gender,
        row_number() OVER (PARTITION BY corpus ORDER BY count(*) DESC, speaker) AS place
    FROM judged_clips
    WHERE is_own AND speaker IS NOT NULL
    GROUP BY corpus, speaker
    QUALIFY place <= $speakers
)
SELECT corpus, ranked.gender, speaker, intended AS class, count(*) AS clips
FROM judged_clips
INNER JOIN ranked USING (corpus, speaker)
WHERE is_own
GROUP BY ALL
ORDER BY ALL

-- title: Classes that one gender never speaks
-- severity: warning
-- counts: cell
-- why: There the class can be told by the voice alone, and nothing is learned of the emotion.
-- do: Add clips for the empty cells, or leave the class out of comparisons between genders.
WITH cells AS (
    SELECT corpus, intended AS class, gender, count(*) AS clips
    FROM judged_clips
    WHERE is_own AND intended IS NOT NULL AND gender IS NOT NULL
    GROUP BY ALL
), classes AS (
    SELECT corpus, class, sum(clips)::BIGINT AS clips_of_class FROM cells GROUP BY ALL
), genders AS (
    SELECT corpus, gender, sum(clips)::BIGINT AS clips_of_gender FROM cells GROUP BY ALL
)
SELECT corpus, class, gender, 0 AS clips, clips_of_class, clips_of_gender
FROM classes
INNER JOIN genders USING (corpus)
ANTI JOIN cells USING (corpus, class, gender)
ORDER BY corpus, class, gender

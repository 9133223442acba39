-- title: Classes that go with something else
-- severity: warning
-- counts: association
-- why: A model can guess the class from the speaker, the gender, the sentence or the file format.
-- do: Split so that the circumstance is held out too, and compare with a model that knows only it.
WITH facts AS (
    UNPIVOT (
        SELECT corpus, intended, speaker, gender, sentence, source_format
        FROM judged_clips
        WHERE is_own AND intended IS NOT NULL
    )
    ON speaker, gender, sentence, source_format INTO NAME circumstance VALUE value
), cells AS (
    SELECT corpus, circumstance, intended, value, count(*) AS clips FROM facts GROUP BY ALL
), margins AS (
    SELECT
        *,
        sum(clips) OVER (PARTITION BY corpus, circumstance, intended)::DOUBLE AS of_class,
        sum(clips) OVER (PARTITION BY corpus, circumstance, value)::DOUBLE AS of_value
    FROM cells
), counted AS (
    SELECT
        corpus,
        circumstance,
        sum(clips)::BIGINT AS clips,
        count(DISTINCT intended) AS classes,
        count(DISTINCT value) AS "values",
        -- Pearson's chi-squared over the number of clips, without looking at empty cells.
        sum(clips * clips / (of_class * of_value)) - 1 AS phi2
    FROM margins
    GROUP BY corpus, circumstance
    HAVING count(DISTINCT intended) > 1 AND count(DISTINCT value) > 1 AND sum(clips) > 1
), corrected AS (
    SELECT
        *,
        greatest(phi2 - (classes - 1) * ("values" - 1) / (clips - 1), 0) AS phi2_corrected,
        least(classes - (classes - 1)**2 / (clips - 1), "values" - ("values" - 1)**2 / (clips - 1))
            - 1 AS freedom
    FROM counted
)
SELECT corpus, circumstance, sqrt(phi2_corrected / freedom) AS cramers_v, classes, "values", clips
FROM corrected
WHERE freedom > 0 AND cramers_v > $association
ORDER BY cramers_v DESC, corpus, circumstance

-- title: Uneven classes or genders
-- severity: note
-- counts: group
-- why: A model that prefers the largest group looks better than it is wherever accuracy is reported.
-- do: Judge by UAR, weight the loss (`--loss class_weighted`), or ask for more of the small groups.
WITH facts AS (
    UNPIVOT (SELECT corpus, intended AS class, gender FROM judged_clips WHERE is_own)
    ON class, gender INTO NAME attribute VALUE value
), sizes AS (
    SELECT corpus, attribute, value, count(*) AS clips FROM facts GROUP BY ALL
)
SELECT
    corpus,
    attribute,
    value,
    clips,
    arg_max(value, (clips, value)) OVER whole AS largest,
    max(clips) OVER whole AS clips_of_largest,
    clips_of_largest / clips AS ratio
FROM sizes
WINDOW whole AS (PARTITION BY corpus, attribute)
QUALIFY ratio > $imbalance_ratio
ORDER BY ratio DESC, corpus, attribute, value

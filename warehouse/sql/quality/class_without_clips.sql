-- title: Classes without a clip
-- severity: warning
-- counts: label
-- why: A model is asked to tell apart what it never heard, and UAR has a recall that is undefined.
-- do: Add clips of the class, or ask for a taxonomy without it.
WITH offered AS (
    SELECT corpus, taxonomy, unnest(classes) AS class FROM judged_corpora
), labelled AS (
    SELECT corpus, count(*) AS clips FROM judged_clips
    WHERE is_own AND intended IS NOT NULL
    GROUP BY corpus
)
SELECT corpus, class, taxonomy, clips AS clips_of_other_classes
FROM offered
INNER JOIN labelled USING (corpus)
ANTI JOIN judged_clips
    ON judged_clips.corpus = offered.corpus AND judged_clips.intended = offered.class
ORDER BY corpus, class

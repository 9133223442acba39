-- title: What is not known of the clips
-- severity: note
-- counts: fact
-- why: A check cannot judge what was not stated or could not be measured.
-- do: Add the column to the corpus's table; a ratio needs some noise in the clip's pauses.
WITH known AS (
    SELECT
        corpus,
        count(*) AS clips,
        count(gender) AS gender,
        count(intended) AS intended,
        count(language) AS language,
        count(level_dbfs) AS level_dbfs,
        count(snr_db) AS snr_db,
        count(clipped_fraction) AS clipped_fraction
    FROM judged_clips
    WHERE is_own
    GROUP BY corpus
)
SELECT corpus, fact, clips - known AS unknown, clips, (clips - known) / clips AS share
FROM (
    UNPIVOT known
    ON gender, intended, language, level_dbfs, snr_db, clipped_fraction
    INTO NAME fact VALUE known
)
WHERE unknown > 0
ORDER BY share DESC, corpus, fact

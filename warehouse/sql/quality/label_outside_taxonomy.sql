-- title: Labels that are no class of their corpus
-- severity: error
-- counts: clip
-- total: clips
-- why: No column of any posterior stands for them, so the clips can be neither learned nor judged.
-- do: Map the label to a class in the corpus's table, or add the class to the taxonomy.
SELECT corpus, intended AS label, count(*) AS clips, taxonomy, classes, min(clip_id) AS example
FROM judged_clips
INNER JOIN judged_corpora USING (corpus)
WHERE is_own AND intended IS NOT NULL AND NOT list_contains(classes, intended)
GROUP BY ALL
ORDER BY clips DESC, corpus, label

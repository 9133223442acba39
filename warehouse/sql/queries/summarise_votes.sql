-- Per corpus, source, modality and taxonomy: standing votes, the clips and annotators behind them.
-- Anonymous votes add to the votes but not to the annotators.
SELECT
    split_part(clip_id, '/', 1) AS corpus,
    source,
    modality,
    taxonomy,
    sum(count)::BIGINT AS votes,
    count(DISTINCT clip_id) AS clips,
    count(DISTINCT annotator) AS annotators
FROM votes
WHERE NOT is_retraction
    AND vote_id NOT IN (SELECT supersedes FROM votes WHERE supersedes IS NOT NULL)
GROUP BY ALL
ORDER BY ALL

-- A label outside its taxonomy would be lost or misread by every aggregation.
SELECT vote_id, taxonomy, label
FROM votes
WHERE label IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM corpora
    WHERE corpora.taxonomy = votes.taxonomy AND list_contains(classes, label)
)

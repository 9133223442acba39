-- What was read back from a project, oldest first.
SELECT * FROM collections
WHERE $project IS NULL OR project = $project
ORDER BY project, until, is_full, collection_id

-- Every project that campaigns ask in, oldest first.
SELECT * FROM projects
WHERE $campaign IS NULL OR campaign = $campaign
ORDER BY opened_at, project

-- Whose votes those of a project's users are.
SELECT * FROM accounts
WHERE $project IS NULL OR project = $project
ORDER BY project, user_id

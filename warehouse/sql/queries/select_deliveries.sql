-- What was seen in a project.
SELECT * FROM deliveries
WHERE $project IS NULL OR project = $project
ORDER BY project, clip_id, task_id

-- What is to be in a project, in the order of its queue.
SELECT * FROM tasks
WHERE $project IS NULL OR project = $project
ORDER BY project, place, clip_id

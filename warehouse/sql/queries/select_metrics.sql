-- Every metric of every evaluation, or of one.
SELECT * FROM metrics
WHERE $evaluation_id IS NULL OR evaluation_id = $evaluation_id
ORDER BY evaluation_id, group_name, group_value, metric

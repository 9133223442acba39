-- A complete trial, and no other, has an objective: the mean over its folds.
SELECT trial_id, state, objective, fold_values
FROM trials
WHERE (state = 'complete') <> (objective IS NOT NULL)
    OR (objective IS NOT NULL AND NOT coalesce(abs(objective - list_avg(fold_values)) < 1e-9, false))

-- Every metric belongs to an evaluation, which says of which model on which clips.
SELECT evaluation_id, metric FROM metrics ANTI JOIN evaluations USING (evaluation_id)

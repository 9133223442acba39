-- Who is champion must be a model that is there.
SELECT line, number, transitions.model_id FROM transitions
ANTI JOIN models ON models.model_id = transitions.model_id
UNION ALL
SELECT line, number, champion_id FROM transitions
ANTI JOIN models ON models.model_id = champion_id
WHERE champion_id IS NOT NULL

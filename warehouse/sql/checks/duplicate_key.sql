-- A key names one row; a copy would be counted twice everywhere.
SELECT 'corpora' AS table_name, concat_ws(' ', corpus, version) AS key, count(*) AS copies
FROM corpora
GROUP BY corpus, version
HAVING count(*) > 1
UNION ALL
SELECT 'clips' AS table_name, concat_ws(' ', clip_id, revision) AS key, count(*) AS copies
FROM clips
GROUP BY clip_id, revision
HAVING count(*) > 1
UNION ALL
SELECT 'sources' AS table_name, concat_ws(' ', corpus, path, observation) AS key, count(*) AS copies
FROM sources
GROUP BY corpus, path, observation
HAVING count(*) > 1
UNION ALL
SELECT 'rejects' AS table_name, concat_ws(' ', corpus, path, audio_sha256) AS key, count(*) AS copies
FROM rejects
GROUP BY corpus, path, audio_sha256
HAVING count(*) > 1
UNION ALL
SELECT 'duplicates' AS table_name, concat_ws(' ', clip_id, revision, other_id, other_revision) AS key, count(*) AS copies
FROM duplicates
GROUP BY clip_id, revision, other_id, other_revision
HAVING count(*) > 1
UNION ALL
SELECT 'comparisons' AS table_name, concat_ws(' ', clip_id, revision) AS key, count(*) AS copies
FROM comparisons
GROUP BY clip_id, revision
HAVING count(*) > 1
UNION ALL
SELECT 'waveforms' AS table_name, concat_ws(' ', clip_id, revision) AS key, count(*) AS copies
FROM waveforms
GROUP BY clip_id, revision
HAVING count(*) > 1
UNION ALL
SELECT 'feature_sets' AS table_name, concat_ws(' ', feature_set) AS key, count(*) AS copies
FROM feature_sets
GROUP BY feature_set
HAVING count(*) > 1
UNION ALL
SELECT 'features' AS table_name, concat_ws(' ', clip_id, revision, feature_set) AS key, count(*) AS copies
FROM features
GROUP BY clip_id, revision, feature_set
HAVING count(*) > 1
UNION ALL
SELECT 'votes' AS table_name, concat_ws(' ', vote_id) AS key, count(*) AS copies
FROM votes
GROUP BY vote_id
HAVING count(*) > 1
UNION ALL
SELECT 'quarantine' AS table_name, concat_ws(' ', quarantine_id) AS key, count(*) AS copies
FROM quarantine
GROUP BY quarantine_id
HAVING count(*) > 1
UNION ALL
SELECT 'consensus_runs' AS table_name, concat_ws(' ', run_id) AS key, count(*) AS copies
FROM consensus_runs
GROUP BY run_id
HAVING count(*) > 1
UNION ALL
SELECT 'consensus' AS table_name, concat_ws(' ', run_id, clip_id, modality) AS key, count(*) AS copies
FROM consensus
GROUP BY run_id, clip_id, modality
HAVING count(*) > 1
UNION ALL
SELECT 'annotators' AS table_name, concat_ws(' ', run_id, annotator, modality) AS key, count(*) AS copies
FROM annotators
GROUP BY run_id, annotator, modality
HAVING count(*) > 1
UNION ALL
SELECT 'models' AS table_name, concat_ws(' ', model_id) AS key, count(*) AS copies
FROM models
GROUP BY model_id
HAVING count(*) > 1
UNION ALL
SELECT 'evaluations' AS table_name, concat_ws(' ', evaluation_id) AS key, count(*) AS copies
FROM evaluations
GROUP BY evaluation_id
HAVING count(*) > 1
UNION ALL
SELECT 'metrics' AS table_name, concat_ws(' ', evaluation_id, metric, group_name, group_value) AS key, count(*) AS copies
FROM metrics
GROUP BY evaluation_id, metric, group_name, group_value
HAVING count(*) > 1
UNION ALL
SELECT 'predictions' AS table_name, concat_ws(' ', model_id, clip_id) AS key, count(*) AS copies
FROM predictions
GROUP BY model_id, clip_id
HAVING count(*) > 1
UNION ALL
SELECT 'trials' AS table_name, concat_ws(' ', trial_id) AS key, count(*) AS copies
FROM trials
GROUP BY trial_id
HAVING count(*) > 1
UNION ALL
SELECT 'rounds' AS table_name, concat_ws(' ', round_id) AS key, count(*) AS copies
FROM rounds
GROUP BY round_id
HAVING count(*) > 1
UNION ALL
SELECT 'asks' AS table_name, concat_ws(' ', ask_id) AS key, count(*) AS copies
FROM asks
GROUP BY ask_id
HAVING count(*) > 1
UNION ALL
SELECT 'gates' AS table_name, concat_ws(' ', gate_id) AS key, count(*) AS copies
FROM gates
GROUP BY gate_id
HAVING count(*) > 1
UNION ALL
SELECT 'gate_checks' AS table_name, concat_ws(' ', gate_id, check_name) AS key, count(*) AS copies
FROM gate_checks
GROUP BY gate_id, check_name
HAVING count(*) > 1
UNION ALL
SELECT 'transitions' AS table_name, concat_ws(' ', line, number) AS key, count(*) AS copies
FROM transitions
GROUP BY line, number
HAVING count(*) > 1
UNION ALL
SELECT 'drifts' AS table_name, concat_ws(' ', drift_id, measure) AS key, count(*) AS copies
FROM drifts
GROUP BY drift_id, measure
HAVING count(*) > 1
UNION ALL
SELECT 'bundles' AS table_name, concat_ws(' ', bundle_id) AS key, count(*) AS copies
FROM bundles
GROUP BY bundle_id
HAVING count(*) > 1
UNION ALL
SELECT 'calibrations' AS table_name, concat_ws(' ', calibration_id) AS key, count(*) AS copies
FROM calibrations
GROUP BY calibration_id
HAVING count(*) > 1
UNION ALL
SELECT 'baselines' AS table_name, concat_ws(' ', baseline_id) AS key, count(*) AS copies
FROM baselines
GROUP BY baseline_id
HAVING count(*) > 1
UNION ALL
SELECT 'remarks' AS table_name, concat_ws(' ', remark_id) AS key, count(*) AS copies
FROM remarks
GROUP BY remark_id
HAVING count(*) > 1
UNION ALL
SELECT 'projects' AS table_name, concat_ws(' ', project) AS key, count(*) AS copies
FROM projects
GROUP BY project
HAVING count(*) > 1
UNION ALL
SELECT 'tasks' AS table_name, concat_ws(' ', project, clip_id) AS key, count(*) AS copies
FROM tasks
GROUP BY project, clip_id
HAVING count(*) > 1
UNION ALL
SELECT 'deliveries' AS table_name, concat_ws(' ', project, clip_id, task_id) AS key, count(*) AS copies
FROM deliveries
GROUP BY project, clip_id, task_id
HAVING count(*) > 1
UNION ALL
SELECT 'withdrawals' AS table_name, concat_ws(' ', ask_id) AS key, count(*) AS copies
FROM withdrawals
GROUP BY ask_id
HAVING count(*) > 1
UNION ALL
SELECT 'gold' AS table_name, concat_ws(' ', campaign, clip_id) AS key, count(*) AS copies
FROM gold
GROUP BY campaign, clip_id
HAVING count(*) > 1
UNION ALL
SELECT 'collections' AS table_name, concat_ws(' ', collection_id) AS key, count(*) AS copies
FROM collections
GROUP BY collection_id
HAVING count(*) > 1
UNION ALL
SELECT 'accounts' AS table_name, concat_ws(' ', project, user_id) AS key, count(*) AS copies
FROM accounts
GROUP BY project, user_id
HAVING count(*) > 1
UNION ALL
SELECT 'transcripts' AS table_name, concat_ws(' ', clip_id, revision, source, edition) AS key, count(*) AS copies
FROM transcripts
GROUP BY clip_id, revision, source, edition
HAVING count(*) > 1

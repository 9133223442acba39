-- Rows stored per table, past revisions and superseded votes included.
SELECT 'corpora' AS table_name, count(*) AS row_count FROM corpora
UNION ALL
SELECT 'clips' AS table_name, count(*) AS row_count FROM clips
UNION ALL
SELECT 'sources' AS table_name, count(*) AS row_count FROM sources
UNION ALL
SELECT 'rejects' AS table_name, count(*) AS row_count FROM rejects
UNION ALL
SELECT 'duplicates' AS table_name, count(*) AS row_count FROM duplicates
UNION ALL
SELECT 'comparisons' AS table_name, count(*) AS row_count FROM comparisons
UNION ALL
SELECT 'waveforms' AS table_name, count(*) AS row_count FROM waveforms
UNION ALL
SELECT 'feature_sets' AS table_name, count(*) AS row_count FROM feature_sets
UNION ALL
SELECT 'features' AS table_name, count(*) AS row_count FROM features
UNION ALL
SELECT 'votes' AS table_name, count(*) AS row_count FROM votes
UNION ALL
SELECT 'remarks' AS table_name, count(*) AS row_count FROM remarks
UNION ALL
SELECT 'quarantine' AS table_name, count(*) AS row_count FROM quarantine
UNION ALL
SELECT 'consensus_runs' AS table_name, count(*) AS row_count FROM consensus_runs
UNION ALL
SELECT 'consensus' AS table_name, count(*) AS row_count FROM consensus
UNION ALL
SELECT 'annotators' AS table_name, count(*) AS row_count FROM annotators
UNION ALL
SELECT 'models' AS table_name, count(*) AS row_count FROM models
UNION ALL
SELECT 'evaluations' AS table_name, count(*) AS row_count FROM evaluations
UNION ALL
SELECT 'metrics' AS table_name, count(*) AS row_count FROM metrics
UNION ALL
SELECT 'predictions' AS table_name, count(*) AS row_count FROM predictions
UNION ALL
SELECT 'trials' AS table_name, count(*) AS row_count FROM trials
UNION ALL
SELECT 'rounds' AS table_name, count(*) AS row_count FROM rounds
UNION ALL
SELECT 'asks' AS table_name, count(*) AS row_count FROM asks
UNION ALL
SELECT 'projects' AS table_name, count(*) AS row_count FROM projects
UNION ALL
SELECT 'tasks' AS table_name, count(*) AS row_count FROM tasks
UNION ALL
SELECT 'deliveries' AS table_name, count(*) AS row_count FROM deliveries
UNION ALL
SELECT 'withdrawals' AS table_name, count(*) AS row_count FROM withdrawals
UNION ALL
SELECT 'gold' AS table_name, count(*) AS row_count FROM gold
UNION ALL
SELECT 'collections' AS table_name, count(*) AS row_count FROM collections
UNION ALL
SELECT 'accounts' AS table_name, count(*) AS row_count FROM accounts
UNION ALL
SELECT 'gates' AS table_name, count(*) AS row_count FROM gates
UNION ALL
SELECT 'gate_checks' AS table_name, count(*) AS row_count FROM gate_checks
UNION ALL
SELECT 'transitions' AS table_name, count(*) AS row_count FROM transitions
UNION ALL
SELECT 'drifts' AS table_name, count(*) AS row_count FROM drifts
UNION ALL
SELECT 'bundles' AS table_name, count(*) AS row_count FROM bundles
UNION ALL
SELECT 'calibrations' AS table_name, count(*) AS row_count FROM calibrations
UNION ALL
SELECT 'baselines' AS table_name, count(*) AS row_count FROM baselines
UNION ALL
SELECT 'transcripts' AS table_name, count(*) AS row_count FROM transcripts

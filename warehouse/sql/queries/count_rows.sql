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

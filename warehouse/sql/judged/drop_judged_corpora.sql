-- Give back what a judgement needed.
DROP TABLE IF EXISTS judged_corpora

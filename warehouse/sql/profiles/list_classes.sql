-- Per corpus: its title, taxonomy and classes in order.
SELECT corpus, title, taxonomy, classes
FROM corpora
SEMI JOIN judged_corpora USING (corpus, taxonomy)
QUALIFY version = max(version) OVER (PARTITION BY corpus)
ORDER BY corpus

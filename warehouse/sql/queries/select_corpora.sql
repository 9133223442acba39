-- Every corpus in every version.
SELECT * FROM corpora ORDER BY corpus, version

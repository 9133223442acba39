-- Features whose parameters are not recorded cannot be computed again.
SELECT DISTINCT feature_set FROM features ANTI JOIN feature_sets USING (feature_set)

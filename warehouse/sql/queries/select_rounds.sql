-- Acquisition rounds in order, of one campaign or of all.
SELECT * FROM rounds
WHERE $campaign IS NULL OR campaign = $campaign
ORDER BY campaign, number, round_id

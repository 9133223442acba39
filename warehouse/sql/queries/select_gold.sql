-- The clips of known class of a campaign.
SELECT * FROM gold
WHERE $campaign IS NULL OR campaign = $campaign
ORDER BY campaign, clip_id

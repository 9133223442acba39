-- How strongly an emotion was to be acted, so that mappings can split labels by it. What was
-- ingested before has it in its name.
ALTER TABLE clips ADD COLUMN intensity VARCHAR;
UPDATE clips SET intensity = CASE split_part(native_id, '-', 4)
    WHEN '01' THEN 'normal' WHEN '02' THEN 'strong' END
WHERE corpus = 'ravdess';
UPDATE clips SET intensity = CASE substr(native_id, 14, 2)
    WHEN 'LO' THEN 'low' WHEN 'MD' THEN 'medium' WHEN 'HI' THEN 'high' END
WHERE corpus = 'crema-d';

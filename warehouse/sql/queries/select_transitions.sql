-- Every change of every line, or those of one, in order.
SELECT * FROM transitions WHERE $line IS NULL OR line = $line ORDER BY line, number

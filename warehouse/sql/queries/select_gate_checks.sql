-- Everything that one decision of the gate looked at, what was refused first.
SELECT * FROM gate_checks WHERE gate_id = $gate_id ORDER BY is_passed, check_name

-- Counts statements, so that the conformance check can compare them with those of spec/behaviour.md.
CREATE EXTENSION pg_stat_statements;

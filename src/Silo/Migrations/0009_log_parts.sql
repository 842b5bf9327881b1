-- Segments that lines are added to have no index, and are small: sealing puts several together, in the order of their ids, and indexes the whole.
-- See docs/adr/0011-log-segments.md.

DROP INDEX log_lines_id_idx;
DROP INDEX log_lines_level_created_at_idx;

COMMENT ON COLUMN log_segments.state IS
    'hot: lines are being added; closed: no more are; sealed: of several closed ones, with indexes and log_counts; expired: its table goes with the next clean-up';

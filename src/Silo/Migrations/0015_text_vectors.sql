-- The vectors of patterns have tables of their own, one for each model, which are made when the model is first used: see TextVectors. What is here
-- is for the version before, whose vectors of 16 numbers mean nothing where a newer one has made the pattern.
ALTER TABLE log_patterns ALTER embedding SET DEFAULT '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}';

-- Of the first line; part of what a pattern means.
ALTER TABLE log_patterns ADD source text NOT NULL DEFAULT '';

-- Which segments have lines of a pattern.
CREATE INDEX ON log_counts (pattern_id, segment_id);

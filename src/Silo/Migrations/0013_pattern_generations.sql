-- Patterns are let go: those that no kept line has, and where there are too many, those of the fewest lines. See docs/adr/0011-log-segments.md.

-- By which a node finds out that its copy has some that are gone.
CREATE TABLE log_pattern_generations (
    project_id int PRIMARY KEY REFERENCES projects,
    generation int NOT NULL, -- counts how often some were let go
    highest    int NOT NULL  -- the highest number of a pattern there was by then
);

CREATE INDEX ON log_patterns (merged_into) WHERE merged_into IS NOT NULL; -- serves the foreign key when some go

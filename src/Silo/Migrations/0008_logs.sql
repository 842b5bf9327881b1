-- Log lines, kept in segments: tables of their own, each of a project's lines that arrived one after the other. See docs/adr/0011-log-segments.md.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The feed's ids: drawn under the feed's advisory lock, without cache, so that they become visible in order.
CREATE SEQUENCE log_lines_id_seq CACHE 1;

-- What every segment's table, log_segment_<id>, is made like; itself always empty.
CREATE TABLE log_lines (
    id          bigint      NOT NULL,
    created_at  timestamptz NOT NULL,               -- the line's own time
    ingested_at timestamptz NOT NULL DEFAULT now(),
    pattern_id  int         NOT NULL,               -- as it was then; see log_patterns.merged_into
    level       smallint    NOT NULL,               -- 1 trace, 2 debug, 3 info, 4 warn, 5 error, 6 fatal
    source      text        NOT NULL,
    service     text        NOT NULL,               -- empty for none
    trace_id    text        NOT NULL,               -- empty for none
    message     text        NOT NULL,
    meta        jsonb,
    meta_text   text        NOT NULL                -- the values in meta, for search; empty for none
);

CREATE INDEX ON log_lines (id); -- serves the feed: id > $1 ORDER BY id; sealing adds the others
CREATE INDEX ON log_lines (level, created_at) WHERE level >= 4; -- serves what is looked for most, and is seldom

-- What a search looks in; sealed segments have a trigram index on it.
CREATE FUNCTION log_text(level smallint, source text, message text, meta_text text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN message || E'\n' || source || E'\n'
        || CASE level WHEN 1 THEN 'trace' WHEN 2 THEN 'debug' WHEN 3 THEN 'info' WHEN 4 THEN 'warn' WHEN 5 THEN 'error' ELSE 'fatal' END
        || E'\n' || meta_text;

CREATE TABLE log_segments (
    id         int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id int         NOT NULL REFERENCES projects,
    retention  text        NOT NULL CHECK (retention IN ('short', 'long')), -- short: trace and debug
    -- hot: lines are being added; closed: no more are; sealed: its indexes and log_counts are there; expired: its table goes with the next clean-up
    state      text        NOT NULL DEFAULT 'hot' CHECK (state IN ('hot', 'closed', 'sealed', 'expired')),
    min_id     bigint,
    max_id     bigint,
    min_time   timestamptz,
    max_time   timestamptz,
    lines      bigint[]    NOT NULL DEFAULT '{0,0,0,0,0,0}', -- by level
    -- Of every few thousand lines, until it is sealed: their first id, and the bounds of their times
    zone_ids   bigint[]    NOT NULL DEFAULT '{}',
    zone_min   timestamptz[] NOT NULL DEFAULT '{}',
    zone_max   timestamptz[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now() -- of the state
) WITH (fillfactor = 50); -- updated at every commit, in place

CREATE UNIQUE INDEX ON log_segments (project_id, retention) WHERE state = 'hot';

-- By which a node whose connection broke while it committed finds out whether it did.
CREATE TABLE log_commits (
    node       uuid        PRIMARY KEY, -- a life of one
    tick       bigint      NOT NULL,    -- the last that was committed
    ticked_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- The lines of sealed segments counted, for histograms and patterns.
CREATE TABLE log_counts (
    minute     timestamptz NOT NULL,
    first_time timestamptz NOT NULL,
    last_time  timestamptz NOT NULL,
    segment_id int         NOT NULL,
    pattern_id int         NOT NULL,
    lines      int         NOT NULL,
    level      smallint    NOT NULL,
    source     text        NOT NULL,
    service    text        NOT NULL
);

CREATE INDEX ON log_counts (minute);     -- serves a range
CREATE INDEX ON log_counts (segment_id); -- serves expiry

CREATE SEQUENCE log_patterns_revision_seq CACHE 1;

CREATE TABLE log_patterns (
    id          int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  int         NOT NULL REFERENCES projects,
    hash        bytea       NOT NULL, -- SHA-256 of the words it was discovered with
    words       text        NOT NULL, -- U+0001 stands for what varies, U+0002 for what lines have shown to vary
    embedding   real[]      NOT NULL, -- 16 dimensions, of length 1
    merged_into int         REFERENCES log_patterns, -- an older one
    version     int         NOT NULL DEFAULT 1,      -- fences a writer that did not start from this row
    revision    bigint      NOT NULL DEFAULT nextval('log_patterns_revision_seq'), -- drawn under an advisory lock, so visible in order
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, hash) -- one row however many discover it at once
);

CREATE INDEX ON log_patterns (revision); -- serves nodes that look for what has changed

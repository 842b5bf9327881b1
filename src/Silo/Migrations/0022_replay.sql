-- Captured requests, kept in segments as log lines are; and what was sent again of them. See docs/adr/0011-log-segments.md and 0018-replay.md.

-- The feed's ids: drawn under the feed's advisory lock, without cache, so that they become visible in order.
CREATE SEQUENCE snapshots_id_seq CACHE 1;

-- What every segment's table, snapshot_segment_<id>, is made like; itself always empty. Texts are empty for none.
CREATE TABLE snapshots (
    id               bigint      NOT NULL,
    text_id          int         NOT NULL,               -- of snapshot_texts; 0 for none
    created_at       timestamptz NOT NULL,               -- when the request began
    ingested_at      timestamptz NOT NULL DEFAULT now(),
    duration         float8      NOT NULL,               -- ms
    status_code      smallint    NOT NULL,
    flags            smallint    NOT NULL,               -- 1 its body is JSON, 2 its answer's is, 4 its body was cut, 8 its answer's was
    geo_lat          float8,
    geo_lon          float8,
    service          text        NOT NULL,
    endpoint         text        NOT NULL,               -- method and route template, as metrics have it
    method           text        NOT NULL,
    path             text        NOT NULL,
    query            text        NOT NULL,               -- without the question mark
    body             text        NOT NULL,
    response_body    text        NOT NULL,
    error            text        NOT NULL,               -- of an exception
    user_id          text        NOT NULL,
    trace_id         text        NOT NULL,
    version          text        NOT NULL,
    stage            text        NOT NULL,
    geo_source       text        NOT NULL,
    geo_country      text        NOT NULL,
    geo_region       text        NOT NULL,
    geo_city         text        NOT NULL,
    folded           text        NOT NULL,               -- what is searched, where PostgreSQL would not fold it; else empty
    headers          jsonb,
    response_headers jsonb
);

-- What a search looks in; sealed segments have a trigram index on it.
CREATE FUNCTION snapshot_text(path text, query text, body text, response_body text, error text, user_id text, folded text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN path || E'\n' || query || E'\n' || body || E'\n' || response_body || E'\n' || error || E'\n' || user_id || E'\n' || folded;

CREATE TABLE snapshot_segments (
    id         int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id int         NOT NULL REFERENCES projects,
    retention  text        NOT NULL,
    state      text        NOT NULL DEFAULT 'hot' CHECK (state IN ('hot', 'closed', 'sealed', 'expired')), -- as of log_segments
    min_id     bigint,
    max_id     bigint,
    min_time   timestamptz,
    max_time   timestamptz,
    lines      bigint[]    NOT NULL DEFAULT '{0}',
    zone_ids   bigint[]    NOT NULL DEFAULT '{}',
    zone_min   timestamptz[] NOT NULL DEFAULT '{}',
    zone_max   timestamptz[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now() -- of the state
) WITH (fillfactor = 50); -- updated at every commit, in place

CREATE UNIQUE INDEX ON snapshot_segments (project_id, retention) WHERE state = 'hot';

-- By which a node whose connection broke while it committed finds out whether it did.
CREATE TABLE snapshot_commits (
    node       uuid        PRIMARY KEY, -- a life of one
    tick       bigint      NOT NULL,    -- the last that was committed
    ticked_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- Those of sealed segments counted, for facets and histograms.
CREATE TABLE snapshot_counts (
    minute      timestamptz NOT NULL,
    first_time  timestamptz NOT NULL,
    last_time   timestamptz NOT NULL,
    segment_id  int         NOT NULL,
    lines       int         NOT NULL,
    status_code smallint    NOT NULL,
    service     text        NOT NULL,
    endpoint    text        NOT NULL,
    method      text        NOT NULL,
    stage       text        NOT NULL,
    version     text        NOT NULL,
    geo_country text        NOT NULL
);

CREATE INDEX ON snapshot_counts (minute);     -- serves a range
CREATE INDEX ON snapshot_counts (segment_id); -- serves expiry

-- What captured requests are about: endpoint and error, without what varies. Found by meaning.
CREATE TABLE snapshot_texts (
    id         int   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id int   NOT NULL REFERENCES projects,
    hash       bytea NOT NULL, -- SHA-256 of the text
    text       text  NOT NULL,
    UNIQUE (project_id, hash)
);

-- Those that were deleted: shown nowhere from then on, and left out when their segment is written anew.
CREATE TABLE snapshot_deletions (
    project_id int         NOT NULL,
    id         bigint      NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, id)
);

-- What was sent again, one by one or in runs.
CREATE TABLE replay_runs (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id   int         NOT NULL,
    name         text        NOT NULL,  -- of the set that it was of; else empty
    snapshot_ids bigint[]    NOT NULL,
    settings     jsonb       NOT NULL,  -- how: target, concurrency and so on
    job_id       bigint,
    created_at   timestamptz NOT NULL DEFAULT now(),
    created_by   text        NOT NULL,
    ended_at     timestamptz
);

CREATE INDEX ON replay_runs (project_id, id);

CREATE TABLE replays (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  int         NOT NULL,
    snapshot_id bigint      NOT NULL,
    run_id      bigint,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text        NOT NULL,
    service     text        NOT NULL,
    endpoint    text        NOT NULL,
    method      text        NOT NULL,
    url         text        NOT NULL,
    recorded    smallint    NOT NULL,   -- status then
    outcome     text        NOT NULL CHECK (outcome IN ('same', 'differs', 'failed', 'refused')),
    status_code smallint,               -- null where there was no answer
    duration    float8,                 -- ms
    error       text,
    answer      jsonb,                  -- headers and body, without what is secret
    diff        jsonb
);

CREATE INDEX ON replays (project_id, snapshot_id, id);
CREATE UNIQUE INDEX ON replays (run_id, snapshot_id) WHERE run_id IS NOT NULL; -- of a run each once, however often its job is tried

-- Captured requests that are sent again and again, by name.
CREATE TABLE replay_sets (
    project_id   int         NOT NULL,
    name         text        NOT NULL,
    snapshot_ids bigint[]    NOT NULL,
    created_by   text        NOT NULL,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, name)
);

-- Fields of answers that are not compared.
CREATE TABLE replay_ignores (
    project_id int    NOT NULL,
    service    text   NOT NULL,
    endpoint   text   NOT NULL,
    paths      text[] NOT NULL,
    PRIMARY KEY (project_id, service, endpoint)
);

-- Parts of paths to which nothing is sent.
CREATE TABLE replay_blocks (
    project_id int    NOT NULL PRIMARY KEY,
    paths      text[] NOT NULL
);

ALTER TABLE targets ADD is_production boolean NOT NULL DEFAULT false; -- asks again before anything is sent

INSERT INTO schedules (project_id, name, type, payload, cron, missed, overlap, created_by) VALUES
    (0, 'Captured request sealing', 'replay.seal', '{}', '* * * * *', 'run_once', false, 'system'),
    (0, 'Captured request cleanup', 'replay.cleanup', '{}', '*/10 * * * *', 'run_once', false, 'system');

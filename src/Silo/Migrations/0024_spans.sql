-- Spans, kept in segments as log lines are. See docs/adr/0011-log-segments.md and 0019-opentelemetry.md.

-- The feed's ids: drawn under the feed's advisory lock, without cache, so that they become visible in order.
CREATE SEQUENCE spans_id_seq CACHE 1;

-- What every segment's table, span_segment_<id>, is made like; itself always empty. Texts are empty for none.
CREATE TABLE spans (
    id             bigint      NOT NULL,
    created_at     timestamptz NOT NULL,               -- when it began
    ingested_at    timestamptz NOT NULL DEFAULT now(),
    trace_id       uuid        NOT NULL,               -- 16 bytes, as one of W3C's trace context is
    span_id        bigint      NOT NULL,
    parent_id      bigint      NOT NULL,               -- 0 for none
    duration       float8      NOT NULL,               -- ms
    resource_id    int         NOT NULL,               -- of span_resources; 0 for none
    scope_id       int         NOT NULL,               -- of span_resources: its version and attributes; 0 for none
    nanos          smallint    NOT NULL,               -- of its beginning, beyond the microsecond
    kind           smallint    NOT NULL,               -- 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer
    status         smallint    NOT NULL,               -- 0 unset, 1 ok, 2 error
    status_code    smallint    NOT NULL,               -- HTTP's; 0 for none
    is_entry       boolean     NOT NULL,               -- where a trace, or its part in a service, begins
    service        text        NOT NULL,
    name           text        NOT NULL,
    endpoint       text        NOT NULL,               -- of a server's: method and route template, as metrics have it
    scope          text        NOT NULL,               -- the name of what made it: a library
    status_message text        NOT NULL,               -- of a failed one
    trace_state    text        NOT NULL,
    attributes     jsonb,
    events         jsonb,
    links          jsonb
);

CREATE TABLE span_segments (
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

CREATE UNIQUE INDEX ON span_segments (project_id, retention) WHERE state = 'hot';

-- By which a node whose connection broke while it committed finds out whether it did.
CREATE TABLE span_commits (
    node       uuid        PRIMARY KEY, -- a life of one
    tick       bigint      NOT NULL,    -- the last that was committed
    ticked_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- Those of sealed segments counted, for facets; and their names, for search.
CREATE TABLE span_counts (
    minute      timestamptz NOT NULL,
    first_time  timestamptz NOT NULL,
    last_time   timestamptz NOT NULL,
    segment_id  int         NOT NULL,
    lines       int         NOT NULL,
    service     text        NOT NULL,
    name        text        NOT NULL,
    endpoint    text        NOT NULL,
    kind        smallint    NOT NULL,
    status      smallint    NOT NULL,
    status_code smallint    NOT NULL,
    is_entry    boolean     NOT NULL
);

CREATE INDEX ON span_counts (minute);     -- serves a range
CREATE INDEX ON span_counts (segment_id); -- serves expiry

-- What spans were made by: service, process, machine; and the libraries within. One row for as many spans as say the same.
CREATE TABLE span_resources (
    id         int   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id int   NOT NULL REFERENCES projects,
    hash       bytea NOT NULL, -- the first half of SHA-256 of its bytes
    resource   jsonb NOT NULL,
    seen_on    date  NOT NULL DEFAULT current_date, -- a day on which spans of it came, the last or the one before
    UNIQUE (project_id, hash)
);

-- What was sampled out: past a project's budget of spans a minute some traces are let go whole. See docs/adr/0019-opentelemetry.md.
CREATE TABLE span_drops (
    project_id int         NOT NULL REFERENCES projects,
    trace_id   uuid        NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, trace_id)
);

CREATE INDEX ON span_drops (decided_at); -- serves forgetting

-- Minutes that were decided on, by when spans came.
CREATE TABLE span_minutes (
    project_id int         NOT NULL REFERENCES projects,
    minute     timestamptz NOT NULL,
    came       bigint      NOT NULL,
    dropped    bigint      NOT NULL,
    PRIMARY KEY (project_id, minute)
);

-- An attribute whose name may have dots, or lead into an object with them.
CREATE FUNCTION attribute_at(attributes jsonb, path text[]) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(attributes -> array_to_string(path, '.'), attributes #> path);

INSERT INTO schedules (project_id, name, type, payload, cron, missed, overlap, created_by) VALUES
    (0, 'Span sealing', 'traces.seal', '{}', '* * * * *', 'run_once', false, 'system'),
    (0, 'Span cleanup', 'traces.cleanup', '{}', '*/10 * * * *', 'run_once', false, 'system');

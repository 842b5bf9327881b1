-- What ingest has acknowledged and not yet seen in the windows. See docs/architecture.md, Ingest.

CREATE SEQUENCE ingest_epoch_seq;

-- One life of one ingest node; an epoch is never reused.
CREATE TABLE ingest_node (
    epoch       bigint      PRIMARY KEY DEFAULT nextval('ingest_epoch_seq'),
    node        text        NOT NULL, -- the same over restarts where one is configured, else unique
    state       text        NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'fenced', 'retired')),
    lease_until timestamptz NOT NULL, -- by this database's clock
    adopter     bigint      REFERENCES ingest_node, -- the epoch that delivers this one's journal
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ON ingest_node (state) WHERE state <> 'retired';

CREATE TABLE ingest_journal (
    epoch      bigint      NOT NULL,
    seq        bigint      NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    payload    bytea       NOT NULL, -- figures per series and window; first byte is the format
    PRIMARY KEY (epoch, seq)
);

CREATE TABLE ingest_keys (
    project_id int         NOT NULL REFERENCES projects,
    key_hash   bytea       NOT NULL, -- SHA-256 of the Idempotency-Key
    epoch      bigint      NOT NULL,
    seq        bigint      NOT NULL,
    digest     bytea       NOT NULL, -- SHA-256 of the decoded body
    answer     jsonb       NOT NULL, -- what the first sender was told
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, key_hash)
);

CREATE INDEX ON ingest_keys (created_at); -- serves forgetting them after 24 h

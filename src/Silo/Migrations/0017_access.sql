-- Who may do what, and who did it. See docs/adr/0014-access.md.

CREATE TABLE users (
    id              int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text        NOT NULL,
    age             int,
    email           text,       -- as it was given; null for one who cannot sign in
    password_hash   text,       -- null until one is chosen
    is_owner        boolean     NOT NULL DEFAULT false, -- an admin of all projects
    disabled_at     timestamptz,
    deleted_at      timestamptz,
    last_sign_in_at timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX users_email ON users (lower(email)) WHERE deleted_at IS NULL;

CREATE TABLE members (
    user_id    int  NOT NULL REFERENCES users,
    project_id int  NOT NULL REFERENCES projects,
    role       text NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    PRIMARY KEY (user_id, project_id)
);

CREATE TABLE sessions (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      int         NOT NULL REFERENCES users,
    hash         bytea       NOT NULL UNIQUE, -- SHA-256 of what the browser's cookie holds
    device       text        NOT NULL,
    address      text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(), -- to the minute
    revoked_at   timestamptz
);

CREATE INDEX ON sessions (user_id);

-- One-time links by which somebody chooses a password: an invitation, the first administrator, a lost password.
CREATE TABLE sign_in_links (
    hash       bytea       PRIMARY KEY, -- SHA-256 of what the link holds
    user_id    int         NOT NULL REFERENCES users,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

-- Failed attempts to sign in, so that all nodes together slow down who guesses.
CREATE TABLE sign_in_attempts (
    subject  bytea       NOT NULL, -- SHA-256 of an e-mail or of a network address
    since    timestamptz NOT NULL, -- a quarter of an hour
    failures int         NOT NULL,
    PRIMARY KEY (subject, since)
);

CREATE TABLE api_keys (
    id           int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id   int         NOT NULL REFERENCES projects,
    name         text        NOT NULL,
    scopes       text[]      NOT NULL,
    hash         bytea       NOT NULL UNIQUE, -- SHA-256 of the key
    hint         text        NOT NULL,        -- its last four characters
    origins      text[]      NOT NULL DEFAULT '{}', -- of the pages that may use it; for scope ingest:browser alone
    expires_at   timestamptz,
    created_by   int         REFERENCES users,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz, -- to the minute
    revoked_at   timestamptz,
    replaced_by  int         REFERENCES api_keys -- it was rotated
);

CREATE INDEX ON api_keys (project_id);

-- Counts changes of who may do what, by which each node finds out that what it remembers is stale.
CREATE TABLE access_revision (revision bigint NOT NULL);
INSERT INTO access_revision VALUES (1);

CREATE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE access_revision SET revision = revision + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER access_changed AFTER INSERT OR DELETE OR UPDATE OF name, email, password_hash, is_owner, disabled_at, deleted_at ON users
    FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER access_changed AFTER INSERT OR DELETE OR UPDATE ON members FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER access_changed AFTER DELETE OR UPDATE OF revoked_at ON sessions FOR EACH STATEMENT EXECUTE FUNCTION access_changed();
CREATE TRIGGER access_changed AFTER INSERT OR DELETE OR UPDATE OF scopes, origins, expires_at, revoked_at ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION access_changed();

CREATE TABLE audit (
    id         bigint      PRIMARY KEY, -- one after the other, without gaps
    time       timestamptz NOT NULL,
    project_id int         REFERENCES projects, -- null for what is of none
    actor      text        NOT NULL, -- person:3, key:7, token, open, system
    actor_name text        NOT NULL, -- as it was then
    address    text        NOT NULL,
    action     text        NOT NULL,
    target     text        NOT NULL, -- person:3, key:7
    before     jsonb,
    after      jsonb,
    hash       bytea       NOT NULL  -- of this row and of the hash before it
);

CREATE INDEX ON audit (time);

CREATE FUNCTION audit_hash(previous bytea, row_ audit) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256(coalesce(previous, '') || convert_to(jsonb_build_array(
        (row_).id, to_char((row_).time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), (row_).project_id, (row_).actor, (row_).actor_name,
        (row_).address, (row_).action, (row_).target, (row_).before, (row_).after)::text, 'UTF8'));

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.time < now() - interval '365 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is only added to';
END $$;

CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_stays_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();

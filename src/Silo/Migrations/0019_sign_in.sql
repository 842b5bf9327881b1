-- Tokens of API clients, second factors, and signing in by another's word. See docs/adr/0016-sign-in.md.

-- Those of ASP.NET Core's DataProtection, by which all nodes encrypt alike; themselves encrypted by BAYOU_SECRET_KEY.
CREATE TABLE protection_keys (
    name       text        PRIMARY KEY,
    xml        text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- By which access tokens are signed.
CREATE TABLE signing_keys (
    id         uuid        PRIMARY KEY,
    secret     text        NOT NULL, -- encrypted
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A session's, of which each can be used once.
CREATE TABLE refresh_tokens (
    hash       bytea       PRIMARY KEY, -- SHA-256
    session_id bigint      NOT NULL REFERENCES sessions ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz
);

CREATE INDEX ON refresh_tokens (session_id);

CREATE TABLE second_factors (
    user_id      int         PRIMARY KEY REFERENCES users,
    secret       text        NOT NULL, -- encrypted
    last_step    bigint      NOT NULL DEFAULT 0, -- of 30 seconds since 1970, whose code was used last: none is used twice
    confirmed_at timestamptz -- null until a code was shown
);

CREATE TABLE recovery_codes (
    user_id int   NOT NULL REFERENCES users,
    hash    bytea NOT NULL, -- SHA-256; a used one is gone
    PRIMARY KEY (user_id, hash)
);

-- Who a provider of single sign-on says that somebody is.
CREATE TABLE user_logins (
    issuer  text NOT NULL,
    subject text NOT NULL,
    user_id int  NOT NULL REFERENCES users,
    PRIMARY KEY (issuer, subject),
    UNIQUE (user_id, issuer) -- an address that a provider gives to somebody else does not make them this person
);

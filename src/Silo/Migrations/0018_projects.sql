-- Several projects that do not see each other. See docs/adr/0015-projects.md.

ALTER TABLE projects
    ADD created_at         timestamptz NOT NULL DEFAULT now(),
    ADD deleted_at         timestamptz, -- can be undone for 30 days
    ADD emptying_at        timestamptz, -- from then on what it had goes
    ADD emptied_at         timestamptz, -- it is gone
    ADD max_endpoints      int,         -- null for the server's own limit
    ADD queries_per_minute int,         -- of all keys together; null for no limit
    ADD ingest_per_minute  int,         -- requests, of all keys together; null for no limit
    DROP CONSTRAINT projects_name_key;

CREATE UNIQUE INDEX projects_name ON projects (text_fold(name)) WHERE emptied_at IS NULL; -- a deleted one can come back

CREATE TRIGGER access_changed AFTER INSERT OR DELETE OR UPDATE ON projects FOR EACH STATEMENT EXECUTE FUNCTION access_changed();

ALTER TABLE users ADD project_id int NOT NULL DEFAULT 1 REFERENCES projects; -- in which they were made; roles are in members

ALTER TABLE members ADD since timestamptz NOT NULL DEFAULT now();

CREATE INDEX ON members (project_id);
CREATE INDEX ON audit (project_id, id); -- serves the newest of a project

-- Which segments of raw paths were found to be values, by how many of them there are. See docs/adr/0012-route-templates.md.

ALTER TABLE series ADD COLUMN from_path boolean NOT NULL DEFAULT false; -- its endpoint was made of a raw path, not given as a route

CREATE TABLE route_variables (
    project_id int         NOT NULL REFERENCES projects,
    service    text        NOT NULL,
    prefix     text        NOT NULL, -- the template before the segment; empty for the first
    kept       text[]      NOT NULL, -- segments there that had series of their own by then, and keep them
    learned_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, service, prefix)
);

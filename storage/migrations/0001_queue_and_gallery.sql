-- Ids are never used twice (AUTOINCREMENT): buttons in old messages carry them.
-- Times are UNIX seconds.

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id INTEGER NOT NULL,
    guild_id INTEGER,
    spec TEXT NOT NULL,
    reply TEXT NOT NULL,
    cost REAL NOT NULL CHECK (cost > 0),
    priority INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created REAL NOT NULL,
    started REAL,                                             -- of the newest claim; NULL while waiting
    ended REAL,
    seconds REAL CHECK (seconds >= 0),                        -- under a lease, all claims together
    lease TEXT,
    lease_until REAL,
    progress TEXT,
    error TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1)),
    CHECK ((state = 'running') = (lease IS NOT NULL)),
    CHECK ((lease IS NULL) = (lease_until IS NULL)),
    CHECK (state <> 'running' OR started IS NOT NULL),
    CHECK (state <> 'waiting' OR (started IS NULL AND cancel_requested = 0)),
    CHECK ((state IN ('done', 'failed', 'cancelled')) = (ended IS NOT NULL)),
    CHECK (state <> 'done' OR seconds IS NOT NULL),
    CHECK (state <> 'failed' OR error IS NOT NULL)
) STRICT;

CREATE INDEX job_open ON job (person_id, priority DESC, id) WHERE state IN ('waiting', 'running');
CREATE INDEX job_leased ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_done ON job (ended) WHERE state = 'done';
CREATE INDEX job_served ON job (person_id, ended) WHERE started IS NOT NULL;
CREATE INDEX job_undelivered ON job (ended) WHERE delivered = 0 AND state IN ('done', 'failed', 'cancelled');

CREATE TABLE picture (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL UNIQUE REFERENCES job (id),
    person_id INTEGER NOT NULL,
    guild_id INTEGER,
    spec TEXT NOT NULL,
    seed INTEGER NOT NULL,
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    image TEXT NOT NULL CHECK (image <> ''),
    films TEXT NOT NULL DEFAULT '[]' CHECK (json_type(films) = 'array'),
    seconds REAL NOT NULL CHECK (seconds >= 0),
    loss REAL NOT NULL,
    models TEXT NOT NULL,
    channel_id INTEGER,
    message_id INTEGER,
    score INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL
) STRICT;

CREATE INDEX picture_of_person ON picture (person_id, id);

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

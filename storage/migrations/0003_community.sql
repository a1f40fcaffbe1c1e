-- What people do together: families of pictures, stars and favourites, shared prompts, challenges, reports, settings.

ALTER TABLE job ADD COLUMN parent_id INTEGER REFERENCES picture (id) ON DELETE SET NULL;
ALTER TABLE job ADD COLUMN origin TEXT NOT NULL DEFAULT 'art' CHECK (
    origin IN ('art', 'again', 'variation', 'edit', 'continue', 'upscale', 'remix', 'compare')
);
ALTER TABLE job ADD COLUMN predicted REAL CHECK (predicted >= 0);      -- seconds of waiting that the person was told
ALTER TABLE job ADD COLUMN first_started REAL;                         -- when the waiting ended, once and for all

CREATE INDEX job_of_parent ON job (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX job_cost ON job (person_id, guild_id, created, state, cost);
CREATE INDEX job_predicted ON job (first_started, created, predicted)
    WHERE predicted IS NOT NULL AND first_started IS NOT NULL;

ALTER TABLE picture ADD COLUMN parent_id INTEGER REFERENCES picture (id) ON DELETE SET NULL;
ALTER TABLE picture ADD COLUMN origin TEXT NOT NULL DEFAULT 'art' CHECK (
    origin IN ('art', 'again', 'variation', 'edit', 'continue', 'upscale', 'remix', 'compare')
);
ALTER TABLE picture ADD COLUMN prompt TEXT NOT NULL DEFAULT '';        -- as in the spec
ALTER TABLE picture ADD COLUMN words TEXT NOT NULL DEFAULT '';         -- the prompt as it is searched
ALTER TABLE picture ADD COLUMN style TEXT NOT NULL DEFAULT 'image';    -- as in the spec
ALTER TABLE picture ADD COLUMN public INTEGER NOT NULL DEFAULT 1 CHECK (public IN (0, 1));
ALTER TABLE picture ADD COLUMN shared_at REAL;                         -- when its prompt was shared

UPDATE picture SET
    prompt = COALESCE(CAST(json_extract(spec, '$.prompt') AS TEXT), ''),
    words = COALESCE(CAST(json_extract(spec, '$.prompt') AS TEXT), ''),
    style = COALESCE(CAST(json_extract(spec, '$.style') AS TEXT), 'image')
WHERE json_valid(spec);

-- The order of a gallery, then all that its filters look at, so that no picture is read that isn't shown.
DROP INDEX picture_of_person;
CREATE INDEX picture_of_person ON picture (person_id, id, guild_id, public, style);
CREATE INDEX picture_top_of_person ON picture (person_id, score, id, guild_id, public, style);
CREATE INDEX picture_of_guild ON picture (guild_id, id, public, person_id, style);
CREATE INDEX picture_top_of_guild ON picture (guild_id, score, id, public, person_id, style);
CREATE INDEX picture_in_time ON picture (guild_id, created, person_id, style, seconds);
CREATE INDEX picture_of_parent ON picture (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX picture_of_message ON picture (message_id) WHERE message_id IS NOT NULL;

-- `marks` are what a search is narrowed by: tokens that no prompt can contain, for they are in a column of their own.
CREATE VIEW picture_searched (id, words, marks) AS
SELECT
    id,
    words,
    'person' || person_id || ' style' || style || COALESCE(' guild' || guild_id, '') || iif(public, ' public', '')
FROM picture;

CREATE VIRTUAL TABLE picture_search USING fts5 (
    words, marks, content = 'picture_searched', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2',
    prefix = '2 3'
);
INSERT INTO picture_search (picture_search) VALUES ('rebuild');

CREATE TRIGGER picture_search_added AFTER INSERT ON picture BEGIN
    INSERT INTO picture_search (rowid, words, marks)
    SELECT id, words, marks FROM picture_searched WHERE id = new.id;
END;
CREATE TRIGGER picture_search_removed BEFORE DELETE ON picture BEGIN
    INSERT INTO picture_search (picture_search, rowid, words, marks)
    SELECT 'delete', id, words, marks FROM picture_searched WHERE id = old.id;
END;
CREATE TRIGGER picture_search_outdated BEFORE UPDATE OF words, person_id, guild_id, style, public ON picture BEGIN
    INSERT INTO picture_search (picture_search, rowid, words, marks)
    SELECT 'delete', id, words, marks FROM picture_searched WHERE id = old.id;
END;
CREATE TRIGGER picture_search_updated AFTER UPDATE OF words, person_id, guild_id, style, public ON picture BEGIN
    INSERT INTO picture_search (rowid, words, marks)
    SELECT id, words, marks FROM picture_searched WHERE id = new.id;
END;

CREATE TABLE favourite (
    id INTEGER PRIMARY KEY AUTOINCREMENT,                     -- the order in which they were chosen
    person_id INTEGER NOT NULL,
    picture_id INTEGER NOT NULL REFERENCES picture (id) ON DELETE CASCADE,
    created REAL NOT NULL,
    UNIQUE (picture_id, person_id)
) STRICT;
CREATE INDEX favourite_of_person ON favourite (person_id, id, picture_id);

CREATE TABLE star (
    picture_id INTEGER NOT NULL REFERENCES picture (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL,                               -- who gave it
    author_id INTEGER NOT NULL,                               -- whose picture it is
    guild_id INTEGER,                                         -- the picture's
    created REAL NOT NULL,
    PRIMARY KEY (picture_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX star_by_person ON star (person_id, author_id);
CREATE INDEX star_for_person ON star (author_id, person_id);
CREATE INDEX star_in_guild ON star (guild_id, created, author_id, person_id);

CREATE TABLE prompt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    picture_id INTEGER NOT NULL UNIQUE REFERENCES picture (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL,
    guild_id INTEGER,                                         -- where it was shared; NULL: outside of servers
    prompt TEXT NOT NULL,
    words TEXT NOT NULL,
    style TEXT NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),        -- paintings that others and the author made from it
    created REAL NOT NULL
) STRICT;
CREATE INDEX prompt_of_guild ON prompt (guild_id, id, style);
CREATE INDEX prompt_top_of_guild ON prompt (guild_id, uses, id, style, created, person_id);
CREATE INDEX prompt_of_person ON prompt (person_id, id, style, uses);

CREATE VIEW prompt_searched (id, words, marks) AS
SELECT id, words, 'person' || person_id || ' style' || style || ' guild' || COALESCE(guild_id, 'none') FROM prompt;

CREATE VIRTUAL TABLE prompt_search USING fts5 (
    words, marks, content = 'prompt_searched', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2',
    prefix = '2 3'
);
CREATE TRIGGER prompt_search_added AFTER INSERT ON prompt BEGIN
    INSERT INTO prompt_search (rowid, words, marks) SELECT id, words, marks FROM prompt_searched WHERE id = new.id;
END;
CREATE TRIGGER prompt_search_removed BEFORE DELETE ON prompt BEGIN
    INSERT INTO prompt_search (prompt_search, rowid, words, marks)
    SELECT 'delete', id, words, marks FROM prompt_searched WHERE id = old.id;
END;

CREATE TABLE saved_prompt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,                     -- the order in which they were saved
    person_id INTEGER NOT NULL,
    prompt_id INTEGER NOT NULL REFERENCES prompt (id) ON DELETE CASCADE,
    created REAL NOT NULL,
    UNIQUE (prompt_id, person_id)
) STRICT;
CREATE INDEX saved_prompt_of_person ON saved_prompt (person_id, id, prompt_id);

CREATE TABLE guild (
    id INTEGER PRIMARY KEY,
    settings TEXT NOT NULL CHECK (json_type(settings) = 'object')
) STRICT;

CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    notify TEXT NOT NULL CHECK (notify IN ('mention', 'message', 'none')),
    locale TEXT,
    public INTEGER NOT NULL CHECK (public IN (0, 1))          -- what their new pictures are
) STRICT;

CREATE TABLE feed_post (
    message_id INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    guild_id INTEGER NOT NULL,
    picture_id INTEGER NOT NULL REFERENCES picture (id) ON DELETE CASCADE,
    created REAL NOT NULL
) STRICT;
CREATE INDEX feed_post_of_picture ON feed_post (picture_id);

CREATE TABLE challenge (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    message_id INTEGER,
    theme TEXT NOT NULL,
    opened_by INTEGER,                                        -- NULL: somebody whose data was erased
    opened REAL NOT NULL,
    ends REAL NOT NULL,
    closed REAL
) STRICT;
CREATE UNIQUE INDEX challenge_running ON challenge (guild_id) WHERE closed IS NULL;
CREATE INDEX challenge_due ON challenge (ends) WHERE closed IS NULL;
CREATE INDEX challenge_opened_by ON challenge (opened_by) WHERE opened_by IS NOT NULL;

CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    challenge_id INTEGER NOT NULL REFERENCES challenge (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL,
    picture_id INTEGER NOT NULL REFERENCES picture (id) ON DELETE CASCADE,
    created REAL NOT NULL,
    UNIQUE (challenge_id, person_id)
) STRICT;
CREATE INDEX entry_of_picture ON entry (picture_id);
CREATE INDEX entry_of_person ON entry (person_id);

CREATE TABLE vote (
    entry_id INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL,
    created REAL NOT NULL,
    PRIMARY KEY (entry_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX vote_of_person ON vote (person_id);

CREATE TABLE report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    picture_id INTEGER NOT NULL REFERENCES picture (id) ON DELETE CASCADE,
    guild_id INTEGER,                                         -- the picture's
    person_id INTEGER NOT NULL,                               -- who reported it
    reason TEXT NOT NULL,
    created REAL NOT NULL,
    settled REAL,
    settled_by INTEGER,
    action TEXT,
    UNIQUE (picture_id, person_id),
    CHECK ((settled IS NULL) = (action IS NULL))
) STRICT;
CREATE INDEX report_open ON report (guild_id, id) WHERE settled IS NULL;
CREATE INDEX report_of_person ON report (person_id);
CREATE INDEX report_settled_by ON report (settled_by) WHERE settled_by IS NOT NULL;

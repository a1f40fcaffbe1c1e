-- Pictures of before have no further files, and nobody noted how well they match their words.

ALTER TABLE picture ADD COLUMN extras TEXT NOT NULL DEFAULT '{}' CHECK (json_type(extras) = 'object');
ALTER TABLE picture ADD COLUMN clip_score REAL;

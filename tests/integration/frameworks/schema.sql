CREATE TABLE authors (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE books (id int PRIMARY KEY, author_id int NOT NULL REFERENCES authors (id), title text NOT NULL);
CREATE INDEX ON books (author_id);
INSERT INTO authors SELECT i, 'author ' || i FROM generate_series(1, 12) AS i;
INSERT INTO books SELECT i, 1 + i % 12, 'book ' || i FROM generate_series(1, 60) AS i;

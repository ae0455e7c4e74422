<?php

// Lists the books of all authors, twice: one query per author, and one query for all.
final class Library
{
    public function __construct(private PDO $connection)
    {
    }

    public function booksOneByOne(): array
    {
        $shelf = [];
        $books = $this->connection->prepare('SELECT title FROM books WHERE author_id = ?');
        foreach ($this->connection->query('SELECT id, name FROM authors ORDER BY id')->fetchAll() as $author) {
            $books->execute([$author['id']]);
            $shelf[$author['name']] = $books->fetchAll(PDO::FETCH_COLUMN);
        }
        return $shelf;
    }

    public function booksAtOnce(): array
    {
        $rows = $this->connection->query(
            'SELECT a.name, b.title FROM authors a '
            . 'JOIN books b ON b.author_id = a.id ORDER BY a.id LIMIT 100'
        );
        return $rows->fetchAll(PDO::FETCH_GROUP | PDO::FETCH_COLUMN);
    }
}

"""Lists the books of all authors, twice: one query per author, and one query for all."""


def books_one_by_one(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM authors ORDER BY id")
        authors = cursor.fetchall()
        shelf = {}
        for author_id, name in authors:
            cursor.execute("SELECT title FROM books WHERE author_id = %s", (author_id,))
            shelf[name] = [title for (title,) in cursor.fetchall()]
        return shelf


def books_at_once(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT a.name, b.title FROM authors a JOIN books b ON b.author_id = a.id ORDER BY a.id LIMIT 100")
        shelf = {}
        for name, title in cursor.fetchall():
            shelf.setdefault(name, []).append(title)
        return shelf

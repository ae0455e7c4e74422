from library import books_at_once, books_one_by_one


def test_books_one_by_one(connection):
    assert len(books_one_by_one(connection)) == 12


def test_books_at_once(connection):
    assert len(books_at_once(connection)["author 3"]) == 5

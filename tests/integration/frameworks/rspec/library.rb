# Lists the books of all authors, twice: one query per author, and one query for all.
class Library
  def initialize(connection)
    @connection = connection
  end

  def books_one_by_one
    authors = @connection.exec("SELECT id, name FROM authors ORDER BY id")
    authors.to_h do |author|
      books = @connection.exec_params("SELECT title FROM books WHERE author_id = $1", [author["id"]])
      [author["name"], books.map { |book| book["title"] }]
    end
  end

  def books_at_once
    rows = @connection.exec(<<~SQL)
      SELECT a.name, b.title FROM authors a
      JOIN books b ON b.author_id = a.id
      ORDER BY a.id LIMIT 100
    SQL
    rows.group_by { |row| row["name"] }
  end
end

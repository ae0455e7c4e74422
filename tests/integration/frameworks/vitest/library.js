// Lists the books of all authors, twice: one query per author, and one query for all.
export async function booksOneByOne(client) {
  const shelf = {};
  const authors = await client.query('SELECT id, name FROM authors ORDER BY id');
  for (const author of authors.rows) {
    const books = await client.query('SELECT title FROM books WHERE author_id = $1', [author.id]);
    shelf[author.name] = books.rows.map((book) => book.title);
  }
  return shelf;
}

export async function booksAtOnce(client) {
  const { rows } = await client.query(`
    SELECT a.name, b.title FROM authors a
    JOIN books b ON b.author_id = a.id ORDER BY a.id LIMIT 100`);
  return Object.groupBy ? Object.groupBy(rows, (row) => row.name)
    : rows.reduce((shelf, row) => ({ ...shelf, [row.name]: [...(shelf[row.name] ?? []), row] }), {});
}

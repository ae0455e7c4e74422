package shop;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Lists the books of all authors, twice: one query per author, and one query for all. */
final class Library {
    private final Connection connection;

    Library(Connection connection) {
        this.connection = connection;
    }

    Map<String, List<String>> booksOneByOne() throws SQLException {
        Map<String, List<String>> shelf = new TreeMap<>();
        try (var statement = connection.createStatement();
                var books = connection.prepareStatement("SELECT title FROM books WHERE author_id = ?");
                var authors = statement.executeQuery("SELECT id, name FROM authors ORDER BY id")) {
            while (authors.next()) {
                books.setInt(1, authors.getInt("id"));
                List<String> titles = new ArrayList<>();
                try (var rows = books.executeQuery()) {
                    while (rows.next()) {
                        titles.add(rows.getString(1));
                    }
                }
                shelf.put(authors.getString("name"), titles);
            }
        }
        return shelf;
    }

    Map<String, List<String>> booksAtOnce() throws SQLException {
        Map<String, List<String>> shelf = new TreeMap<>();
        String sql = "SELECT a.name, b.title FROM authors a "
                + "JOIN books b ON b.author_id = a.id ORDER BY a.id LIMIT 100";
        try (var statement = connection.createStatement(); var rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                shelf.computeIfAbsent(rows.getString(1), name -> new ArrayList<>()).add(rows.getString(2));
            }
        }
        return shelf;
    }
}

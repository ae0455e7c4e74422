package shop;

import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/** The one connection of the tests, to where DATABASE_URL says. */
final class Database {
    private static Connection connection;

    private Database() {}

    static synchronized Connection connection() throws SQLException {
        if (connection == null) {
            URI url = URI.create(System.getenv("DATABASE_URL"));
            String jdbc = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath();
            connection = DriverManager.getConnection(jdbc, url.getUserInfo().split(":")[0], "");
        }
        return connection;
    }
}

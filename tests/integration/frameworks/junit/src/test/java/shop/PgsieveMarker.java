package shop;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Tells pgsieve which test the following statements belong to. */
public final class PgsieveMarker implements BeforeEachCallback, AfterEachCallback {
    @Override
    public void beforeEach(ExtensionContext context) throws SQLException {
        mark(context.getRequiredTestClass().getName() + "#" + context.getRequiredTestMethod().getName());
    }

    @Override
    public void afterEach(ExtensionContext context) throws SQLException {
        mark("");
    }

    private static void mark(String test) throws SQLException {
        try (var statement = Database.connection().createStatement()) {
            statement.execute("SELECT 'pgsieve:test=" + URLEncoder.encode(test, StandardCharsets.UTF_8) + "'");
        }
    }
}

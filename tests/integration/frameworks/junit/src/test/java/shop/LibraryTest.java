package shop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(PgsieveMarker.class)
class LibraryTest {
    @Test
    void booksOneByOne() throws Exception {
        assertEquals(12, new Library(Database.connection()).booksOneByOne().size());
    }

    @Test
    void booksAtOnce() throws Exception {
        assertEquals(5, new Library(Database.connection()).booksAtOnce().get("author 3").size());
    }
}

<?php

require_once __DIR__ . '/DatabaseTestCase.php';
require_once __DIR__ . '/../src/Library.php';

final class LibraryTest extends DatabaseTestCase
{
    public function testBooksOneByOne(): void
    {
        $this->assertCount(12, (new Library(self::$connection))->booksOneByOne());
    }

    public function testBooksAtOnce(): void
    {
        $this->assertCount(5, (new Library(self::$connection))->booksAtOnce()['author 3']);
    }
}

<?php

use PHPUnit\Framework\TestCase;

abstract class DatabaseTestCase extends TestCase
{
    protected static ?PDO $connection = null;

    // Tells pgsieve which test the following statements belong to.
    protected function setUp(): void
    {
        self::$connection ??= self::connect(getenv('DATABASE_URL'));
        $test = method_exists($this, 'name') ? $this->name() : $this->getName();  // the first since PHPUnit 10
        $name = rawurlencode(static::class . '::' . $test);
        self::$connection->exec("SELECT 'pgsieve:test=$name'");
    }

    protected function tearDown(): void
    {
        self::$connection->exec("SELECT 'pgsieve:test='");
    }

    private static function connect(string $url): PDO
    {
        $url = parse_url($url);
        $name = sprintf('pgsql:host=%s;port=%d;dbname=%s', $url['host'], $url['port'], ltrim($url['path'], '/'));
        return new PDO($name, $url['user'], $url['pass'] ?? '');
    }
}

"""One scenario of one Python client, through whatever listens at HOST PORT: clients.py SCENARIO HOST PORT.

Each scenario exercises a part of the protocol that the driver is known for, and fails loudly."""
import sys


def psycopg2_named_cursor_and_copy(host, port):
    import io
    import psycopg2
    import psycopg2.errors
    connection = psycopg2.connect(host=host, port=port, user="postgres", dbname="postgres")
    cursor = connection.cursor()
    cursor.execute("create temp table t (a int, b text)")
    cursor.copy_expert("copy t from stdin", io.StringIO("".join(f"{i}\trow {i}\n" for i in range(5000))))
    named = connection.cursor(name="slow")
    named.itersize = 100
    named.execute("select a from t order by a")
    assert [row[0] for row in named] == list(range(5000))
    named.close()
    connection.commit()
    try:
        cursor.execute("select %s / 0", (1,))
        raise AssertionError("no error")
    except psycopg2.errors.DivisionByZero:
        connection.rollback()
    connection.commit()
    connection.close()


def psycopg_pipeline_and_binary(host, port):
    import psycopg
    with psycopg.connect(host=host, port=port, user="postgres", dbname="postgres") as connection:
        with connection.pipeline(), connection.cursor() as cursor:
            cursors = [connection.execute("select %s::int * 2", (i,)) for i in range(200)]
            assert [c.fetchone()[0] for c in cursors] == [2 * i for i in range(200)]
            cursor.execute("select 1")
        with connection.cursor(binary=True) as cursor:
            cursor.execute("select %b::int8, %b::float8, %b::bytea, %b::uuid is null",
                           (2 ** 40, 1.5, b"\x00\xff", None))
            assert cursor.fetchone() == (2 ** 40, 1.5, b"\x00\xff", True)
        with connection.cursor() as cursor:
            cursor.execute("create temp table t (a int4, b text)")
            with cursor.copy("copy t from stdin (format binary)") as copy:
                copy.set_types(["int4", "text"])
                for i in range(1000):
                    copy.write_row((i, f"row {i}"))
            for _ in range(8):  # prepared by itself after five
                assert cursor.execute("select count(*) from t where a < %s", (500,)).fetchone()[0] == 500
            try:
                with connection.transaction():
                    cursor.execute("select 1 / 0")
                raise AssertionError("no error")
            except psycopg.errors.DivisionByZero:
                pass
            assert cursor.execute("select 7").fetchone()[0] == 7


def asyncpg_prepared_and_cancel(host, port):
    import asyncio
    import asyncpg

    async def run():
        connection = await asyncpg.connect(host=host, port=port, user="postgres", database="postgres")
        statement = await connection.prepare("select g, $1::text from generate_series(1, $2) g")
        assert len(await statement.fetch("x", 1000)) == 1000
        async with connection.transaction():
            rows = [row async for row in statement.cursor("x", 250, prefetch=40)]
            assert len(rows) == 250
        await connection.execute("create temp table t (a int, b text)")
        await connection.executemany("insert into t values ($1, $2)", [(i, str(i)) for i in range(300)])
        await connection.copy_records_to_table("t", records=[(i, "copied") for i in range(700)])
        assert await connection.fetchval("select count(*) from t") == 1000
        try:
            await connection.fetch("select pg_sleep(30)", timeout=0.2)
            raise AssertionError("no cancel")
        except asyncio.TimeoutError:
            pass
        assert await connection.fetchval("select 'alive'") == "alive"
        heard = asyncio.Event()
        await connection.add_listener("bell", lambda *_: heard.set())
        await connection.execute("notify bell")
        await asyncio.wait_for(heard.wait(), 5)
        await connection.close()

    asyncio.run(run())


def psycopg2_many_connections(host, port):
    import threading
    import psycopg2
    problems = []

    def work(number):
        try:
            connection = psycopg2.connect(host=host, port=port, user="postgres", dbname="postgres")
            cursor = connection.cursor()
            for i in range(50):
                cursor.execute("select %s + %s", (number, i))
                assert cursor.fetchone()[0] == number + i
            connection.close()
        except Exception as problem:  # pylint: disable=broad-except
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2], int(sys.argv[3]))

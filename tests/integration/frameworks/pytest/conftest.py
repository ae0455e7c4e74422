import os
from urllib.parse import quote

import psycopg2
import pytest


@pytest.fixture(scope="session")
def connection():
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    yield connection
    connection.close()


# Tells pgsieve which test the following statements belong to.
@pytest.fixture(autouse=True)
def pgsieve_test(request, connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'pgsieve:test=%s'" % quote(request.node.nodeid, safe=""))
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'pgsieve:test='")

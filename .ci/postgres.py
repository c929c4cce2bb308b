"""Make or drop the database that the tests run in: postgres.py URL create|drop NAME."""

import sys

import psycopg
from psycopg import sql

url, action, name = sys.argv[1:]
statements = {
    "create": sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)),
    "drop": sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)),
}
with psycopg.connect(url, autocommit=True) as connection:
    connection.execute(statements[action])

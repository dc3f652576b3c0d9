"""What several unit tests ask: a warehouse of empty marts."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from quanyu.local.postgres import EmbeddedPostgres
from quanyu.marts_docs import read_marts


@pytest.fixture(scope="session")
def contracts(postgres: EmbeddedPostgres) -> str:
    """The URL of a warehouse whose marts have the columns of their contracts and no rows; nobody writes to it."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("create database contracts template quanyu")
    with psycopg.connect(postgres.url("contracts"), autocommit=True) as connection:
        for mart in read_marts():
            columns = [
                sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.type)) for column in mart.columns
            ]
            connection.execute(
                sql.SQL("create table marts.{} ({})").format(sql.Identifier(mart.name), sql.SQL(", ").join(columns))
            )
    return postgres.url("contracts")

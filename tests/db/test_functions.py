"""Text in lower case, alike on both databases; and the databases that cannot do it."""

from uuid import uuid4

import pytest
import sqlalchemy as sa

from db import functions
from db.database import Database, database_url
from db.errors import DatabaseUnfit
from db.viewer import PROGRAM
from tests import postgres

LETTERS = "".join(
    chr(point) for start, end in ((0x20, 0x250), (0x370, 0x530), (0x1E00, 0x2000)) for point in range(start, end)
)
"""Latin, Greek and Cyrillic, with all of their accents."""


async def test_both_databases_fold_letters_as_python_does(database: Database) -> None:
    letters = "".join(letter for letter in LETTERS if letter.isalpha()) + "ΣΑΣ İstanbul 漢字 \U0001f600"
    column = sa.literal(letters)
    folded = (
        sa.func.colloquy_fold(column) if database.dialect == "sqlite" else sa.func.lower(sa.collate(column, "default"))
    )
    async with database.read(viewer=PROGRAM) as connection:
        assert await connection.scalar(sa.select(folded)) == functions.fold(letters)


def test_folding_keeps_the_number_of_letters_and_does_not_depend_on_neighbours() -> None:
    assert functions.fold(LETTERS) == "".join(map(functions.fold, LETTERS))
    assert len(functions.fold(LETTERS)) == len(LETTERS)
    assert functions.fold("ΣΑΣ") == "σασ"
    assert functions.fold("İ") == "i"


async def test_a_database_of_the_tests_is_fit(database: Database) -> None:
    async with database.read(viewer=PROGRAM) as connection:
        await functions.check_locale(connection)


async def test_a_database_whose_locale_knows_ascii_only_is_refused() -> None:
    name = f"ascii_{uuid4().hex}"
    server = Database.open(database_url(postgres.url()))
    create = f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    async with server.reader.connect() as connection:
        await connection.execute(sa.text(create))
    await server.close()
    ascii_only = Database.open(database_url(postgres.url(name)))
    try:
        async with ascii_only.read(viewer=PROGRAM) as connection:
            with pytest.raises(DatabaseUnfit, match=r"UTF-8 locale"):
                await functions.check_locale(connection)
    finally:
        await ascii_only.close()
        await postgres.drop_database(name)

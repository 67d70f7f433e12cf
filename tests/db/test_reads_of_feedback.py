"""The verbs that read feedback, tags, origins and the other names of conversations."""

from db import conversations, feedback, origins
from db.database import Database
from db.paging import Page
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import DEFAULT_WORKSPACE_ID, PROGRAM, Viewer
from db.words import OriginSystem, Rating, Verdict
from tests.db.builders import World, at
from tests.db.test_reads import ids


async def test_feedback_belongs_to_conversation_message_or_citation(database: Database, statements: list[str]) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation()
        message = await world.message(talk, 0)
        citation, other = await world.reference(talk, message, 0), await world.reference(talk, message, 1)
        on_talk = await world.feedback(talk, created_at=at(1), comment="nice", rating=Rating.POSITIVE, is_owners=True)
        again = await world.feedback(talk, created_at=at(2))
        on_message = await world.feedback(talk, message, created_at=at(3))
        on_citation = await world.feedback(talk, message, reference_id=citation, created_at=at(4))
        for position, reference in enumerate((citation, None)):
            verdict = Verdict.NEGATIVE if reference else Verdict.MISSING
            await world.insert(
                "citation_verdicts", feedback_id=on_message, position=position, reference_id=reference, verdict=verdict
            )
        await world.insert("feedback_reasons", feedback_id=on_message, position=0, label="wrong")
        await world.insert("feedback_scores", feedback_id=on_message, position=0, name="stars", value=2.5, count=4)
    statements.clear()
    async with database.read(viewer=PROGRAM) as connection:
        of_talk = await feedback.of_conversations(connection, [talk], Page.of(), viewer=ME)
        of_message = await feedback.of_messages(connection, [message], viewer=ME)
        of_citations = await feedback.of_references(connection, [citation, other], viewer=ME)
        owners = await feedback.owners_of(connection, [talk], viewer=ME)
        verdicts = await feedback.verdicts_of(connection, [on_message, on_talk], viewer=ME)
        reasons = await feedback.reasons_of(connection, [on_message], viewer=ME)
        scores = await feedback.scores_of(connection, [on_message], viewer=ME)
        assert len(statements) == 7
        assert await feedback.count_of_conversations(connection, [talk], viewer=ME) == {talk: 2}
        everything = await feedback.page(connection, Page.of(), viewer=ME)
        assert await feedback.count(connection, where={"message_id": {"is_null": False}}, viewer=ME) == 2
        assert (await feedback.by_ids(connection, [again], viewer=ME)).keys() == {again}
        limited = await feedback.of_messages(connection, [message], limit=1, viewer=ME)
    assert ids(of_talk[talk].rows) == [again, on_talk]
    assert ids(of_message[message]) == ids(limited[message]) == [on_message]
    assert ids(of_citations[citation]) == [on_citation, on_message]
    assert of_citations[other] == []
    assert owners[talk].comment == "nice"
    assert [row.verdict for row in verdicts[on_message]] == [Verdict.NEGATIVE, Verdict.MISSING]
    assert verdicts[on_talk] == []
    assert [row.label for row in reasons[on_message]] == ["wrong"]
    assert [(row.name, row.value, row._mapping["count"]) for row in scores[on_message]] == [("stars", 2.5, 4)]
    assert ids(everything.rows) == [on_citation, on_message, again, on_talk]


async def test_tags_origins_and_other_names_of_conversations(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation(external_id="ext-1")
        ticket = await world.conversation(external_id="T-1")
        imported = await world.conversation()
        await world.origin(imported, "T-2", system=OriginSystem.INKEEP)
        await world.origin(talk, "T-1")
        await world.tag(talk, "Zebra", "apple")
        await world.tag(ticket, "apple", "Ärger")
    async with database.read(viewer=PROGRAM) as connection:
        tags = await conversations.tags_of(connection, [talk, imported], viewer=ME)
        assert {key: [row.tag for row in rows] for key, rows in tags.items()} == {
            talk: ["Zebra", "apple"],
            imported: [],
        }
        assert await conversations.tag_counts(connection, viewer=ME) == [("apple", 2), ("Zebra", 1), ("Ärger", 1)]
        assert await conversations.tag_counts(connection, "ä", viewer=ME) == [("Ärger", 1)]
        assert await conversations.tag_counts(connection, None, 1, viewer=ME) == [("apple", 2)]
        by_external = await conversations.by_external_id(connection, "ext-1", viewer=ME)
        assert by_external is not None
        assert by_external.id == talk
        assert await conversations.by_external_id(connection, "nobody's", viewer=ME) is None
        found = await conversations.by_ticket_record_ids(connection, ["T-1", "T-2", "T-3"], viewer=ME)
        assert {text: row.id for text, row in found.items()} == {"T-1": ticket, "T-2": imported}
        of_entities = await origins.of_entities(connection, [imported, ticket], viewer=ME)
        assert {key: row.record_id for key, row in of_entities.items()} == {imported: "T-2"}


async def test_the_viewers_own_feedback_is_the_last_changed_that_they_gave_on_the_thing_itself(
    database: Database, statements: list[str]
) -> None:
    ada, nobody = Viewer(DEFAULT_WORKSPACE_ID, "ada"), ME
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk, other = await world.conversation(owner_id="ada"), await world.conversation()
        message, silent = await world.message(talk, 0), await world.message(talk, 1)
        citation = await world.reference(talk, message, 0)
        owners = await world.feedback(talk, author_id="ada", is_owners=True, updated_at=at(2))
        await world.feedback(talk, author_id="ada", updated_at=at(1))
        await world.feedback(talk, author_id="ada", author_kind="STAFF", updated_at=at(9))
        await world.feedback(talk, author_id="ben", updated_at=at(9))
        await world.feedback(talk, message, author_id="ada", reference_id=citation, updated_at=at(9))
        on_message = [await world.feedback(talk, message, author_id="ada", updated_at=at(3)) for _ in range(2)]
        nameless = await world.feedback(other, is_owners=True)
        nameless_on_message = await world.feedback(talk, message)
    statements.clear()
    async with database.read(viewer=PROGRAM) as connection:
        talks, messages = [talk, other], [message, silent]
        mine = await feedback.own_of_conversations(connection, talks, viewer=ada)
        mine |= await feedback.own_of_messages(connection, messages, viewer=ada)
        theirs = await feedback.own_of_conversations(connection, talks, viewer=nobody)
        theirs |= await feedback.own_of_messages(connection, messages, viewer=nobody)
    assert len(statements) == 4
    assert {key: row.id for key, row in mine.items()} == {talk: owners, message: max(on_message)}
    assert {key: row.id for key, row in theirs.items()} == {other: nameless, message: nameless_on_message}

"""Conversations as documents: what they show, and that no text in them changes what another one means."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from db.interchange.base import ConversationDraft, MessageDraft
from db.interchange.markdown import LEFT_OUT, markdown
from db.interchange.markdown_text import code, contained, escaped, fenced, lines, link, quoted
from db.words import Actor, ContentFormat, MessageRole, MessageType, PartType
from tests.interchange.written import whole
from tests.interchange.written_any import drafts

COMMONMARK = MarkdownIt("commonmark")
marked = st.text(alphabet="`~<>-#*_[]()!&\\|=+ \n\t1.ab:/\"'", max_size=40)
blocks = st.lists(
    st.sampled_from(
        [
            "```",
            "~~~~",
            "````py",
            "<!--",
            "<div>",
            "<pre>",
            "- ```",
            "  ```",
            "    ```",
            "> ~~~",
            "1. x",
            "a",
            "",
            "-->",
            "<?",
        ]
    ),
    max_size=6,
).map("\n".join)


def conversation(*contents: str, **values: object) -> ConversationDraft:
    """A conversation in which a user says these things."""
    said = {"role": MessageRole.USER, "role_name": "user", "message_type": MessageType.USER_QUERY, "actor": Actor.USER}
    return ConversationDraft(
        values={"title": "Mules"},
        linear=True,
        messages=[
            MessageDraft(record_id=f"m{number}", values={**said, "content": content, **values})
            for number, content in enumerate(contents)
        ],
    )


def headings(document: str) -> list[str]:
    """The second-level headings that stand in nothing else."""
    tokens = COMMONMARK.parse(document)
    return [
        inside.content for token, inside in pairwise(tokens) if (token.tag, token.level, token.nesting) == ("h2", 0, 1)
    ]


def shown(text: str) -> str:
    """The text that a paragraph of Markdown shows, without markup; fails where there is any."""
    paragraph, inline, end = COMMONMARK.parse(text)
    assert (paragraph.type, end.type) == ("paragraph_open", "paragraph_close")
    assert inline.children is not None
    assert {child.type for child in inline.children} <= {"text", "text_special", "hardbreak", "softbreak"}
    return "".join(child.content if child.content else "\n" for child in inline.children)


def test_a_conversation_is_a_document_with_all_that_readers_want() -> None:
    document = markdown(whole())
    assert document.startswith("# Freezing bread\n\n2026-03-04 05:06 UTC · by u-1 · with Baker")
    assert headings(document) == [
        "User · Ann · 2026-03-04 05:07:07 UTC",
        "Assistant · 2026-03-04 05:08:07 UTC",
        "Tool · search · 2026-03-04 05:09:07 UTC",
        "Assistant · 2026-03-04 05:10:07 UTC",
    ]
    for text in (
        "*1 message on other branches.*",
        "- \\[1\\] [Freezing](<https://example.org/cold>), page 3, Bread \\> Cold: Three months.",
        "- [recipe.txt](<https://example.org/recipe.txt>) (text/plain, 12 bytes)",
        'Calls `search`:\n\n```json\n{\n  "text": "freeze bread"\n}\n```',
        "Follow-up questions:\n\n- And cake?",
        "Feedback: negative · by u-1 · “Wrong”",
        "> *Reasoning*\n>\n> The page says so.",
    ):
        assert text in document
    assert "Can I freeze bread?" not in document


def test_what_is_left_out_is_said() -> None:
    assert "messages off the branch in play" in LEFT_OUT
    assert len(set(LEFT_OUT)) == len(LEFT_OUT)


def test_a_conversation_without_messages_and_title_is_a_document_too() -> None:
    assert markdown(ConversationDraft(record_id="c1")) == "# Untitled conversation\n\n`c1`\n\n*No messages.*\n"


def test_the_title_is_made_of_the_first_question_where_there_is_none() -> None:
    draft = conversation("What is\na mule?")
    del draft.values["title"]
    assert markdown(draft).startswith("# What is a mule?\n")


def test_markdown_stays_as_it_is() -> None:
    content = "A **mule**:\n\n```py\nprint(1)\n```\n\n1. one\n2. two"
    assert content in markdown(conversation(content))


@pytest.mark.parametrize(("form", "begin"), [(ContentFormat.JSON, "```json\n"), (ContentFormat.HTML, "```html\n")])
def test_json_and_html_are_blocks_of_code(form: ContentFormat, begin: str) -> None:
    assert f"{begin}<b>\n```" in markdown(conversation("<b>", content_format=form))


def test_plain_text_shows_no_markup() -> None:
    assert "\\# a\\\nb \\*c\\*" in markdown(conversation("# a\nb *c*", content_format=ContentFormat.TEXT))


def test_a_block_of_code_left_open_ends_with_its_message() -> None:
    document = markdown(conversation("```py\nprint(1)", "Thanks"))
    assert headings(document) == ["User", "User"]
    assert "> ```" not in document


def test_an_address_that_is_none_of_the_web_is_no_link() -> None:
    assert link("x", "javascript:alert(1)") == "x (`javascript:alert(1)`)"
    assert link("x", "https://a.example/b c<d>") == "[x](<https://a.example/b%20c%3Cd%3E>)"
    assert link("x", "http://[odd") == "x (`http://[odd`)"


def test_a_picture_that_is_its_own_address_is_only_named() -> None:
    draft = conversation("")
    draft.messages[0].parts = [{"type": PartType.IMAGE, "name": "a.png", "url": "data:image/png;base64,AAAA"}]
    document = markdown(draft)
    assert "a.png" in document
    assert "base64" not in document


@given(st.lists(marked | blocks, min_size=1, max_size=3))
def test_no_content_gets_out_of_its_message(contents: list[str]) -> None:
    found = headings(markdown(conversation(*contents, author_name="Writer")))
    assert found.count("User · Writer") == len(contents)


@settings(max_examples=30)
@given(draft=drafts())
def test_whatever_is_written_here_makes_a_document(draft: ConversationDraft) -> None:
    document = markdown(draft)
    assert document.startswith("# ")
    assert document.endswith("\n")


@given(marked | blocks)
def test_contained_text_ends_where_it_ends(text: str) -> None:
    tokens = COMMONMARK.parse(f"{contained(text)}\n\nthe end")
    assert [token.content for token in tokens[-2:] if token.type == "inline"] == ["the end"]
    assert tokens[-1].level == 0


@given(marked | blocks)
def test_code_is_what_it_was(text: str) -> None:
    (token,) = COMMONMARK.parse(fenced(text, "json"))
    assert token.content.removesuffix("\n") == text.removesuffix("\n") or token.content == f"{text}\n"
    assert {token.level for token in COMMONMARK.parse(quoted(fenced(text)))[1:-1]} <= {1}
    if said := " ".join(text.split()):
        (_, inline, _) = COMMONMARK.parse(f"x {code(said)} x")
        assert inline.children is not None
        assert [child.content for child in inline.children] == ["x ", said, " x"]


@given(marked.filter(str.strip))
def test_escaped_text_is_what_it_was(text: str) -> None:
    assert shown(escaped(text)) == " ".join(text.split())


@given(marked.filter(str.strip))
def test_escaped_lines_are_what_they_were(text: str) -> None:
    said = [" ".join(line.split()) for line in text.split("\n")]
    inlines = [token for token in COMMONMARK.parse(lines(text)) if token.type == "inline"]
    found = [shown(token.content) for token in inlines]
    assert "\n".join(found).split("\n") == [line for line in said if line]

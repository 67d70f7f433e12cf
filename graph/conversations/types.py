"""The Conversation: a tree of messages with one branch in play."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from db import assistants, conversations, feedback, messages, references, tools
from db.words import Rating
from graph import ids
from graph.conditions import MessageWhere, ReferenceWhere
from graph.context import Info, loaders_of
from graph.conversations.export import ConversationExport, export_field
from graph.conversations.openai import OpenAIChatMessage, openai_messages
from graph.declared import Asked, Derived, OneByOne, Shape
from graph.enums import ConversationType, ExecutionStatus, ShareAccess, Visibility
from graph.errors import bad_user_input
from graph.fields import computed, node_id
from graph.filters import where_of
from graph.links import AssistantLink, ConversationLink, FeedbackLink, MessageLink, ReferenceLink, ToolLink
from graph.nodes import Node
from graph.origin import Origin, origin
from graph.paging import After, Before, Connection, First, Last, given, page, paged
from graph.relations import derived, to_many, to_one

Through = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description=(
            "The id of a message of this conversation: list the branch that passes through it, down to its newest "
            "leaf, in place of the branch in play."
        )
    ),
]
Around = Annotated[
    strawberry.ID | None,
    strawberry.argument(
        description=(
            "The id of a message of this conversation: the page has it in its middle, as far as the list's ends let "
            "it. Page on from the page's cursors. Not together with `after` or `before`."
        )
    ),
]
AllBranches = Annotated[
    bool | None,
    strawberry.argument(description="true: all messages of the tree by their sequence. Not together with `through`."),
]


@strawberry.type(description="A user with whom a conversation is shared. It is recorded and grants nothing by itself.")
class Share:
    """A line of PipesHub's sharing list."""

    user_id: str = strawberry.field(description="The user, as the source names them.")
    access: ShareAccess = strawberry.field(description="What the share lets the user do.")


def _shares(recorded: list[dict[str, str]] | None) -> list[Share]:
    return [Share(user_id=share["userId"], access=ShareAccess(share["access"])) for share in recorded or ()]


def _like(found: tuple[Rating | None] | None) -> bool | None:
    return None if found is None or found[0] is None else found[0] is Rating.POSITIVE


def _comment(found: tuple[str | None] | None) -> str | None:
    return None if found is None else found[0]


def _tags(found: list[tuple[str]]) -> list[str]:
    return [tag for (tag,) in found]


async def _openai(root: Any, info: Info) -> list[OpenAIChatMessage]:
    return await openai_messages(root.id, loaders_of(info))


_BRANCH_PAGE, _BRANCH_COUNT = OneByOne(messages.branch_page), OneByOne(messages.branch_count)


def _messages(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Annotated[MessageWhere | None, strawberry.argument(description="Which messages of the branch.")] = UNSET,
    through: Through = UNSET,
    around: Around = UNSET,
    all_branches: AllBranches = False,
) -> Asked:
    """The messages of the branch in play are one statement for all parents.

    `through` and `around` name a message, which is of one conversation: they are read conversation by conversation.
    """
    asked, condition = page(first, after, last, before), where_of(where)
    passing, middle = _message_id(through, "through"), _message_id(around, "around")
    whole = bool(all_branches)
    if passing and whole:
        raise bad_user_input("`through` names one branch and `allBranches` takes them all: give one.", "through")
    if middle and (asked.after is not None or asked.before is not None):
        raise bad_user_input("`around` begins a page anew: give it without `after` and `before`.", "around")
    if passing or middle:
        branch = {"where": condition, "through": passing, "all_branches": whole}
        options = {**branch, "around": middle}
        return Asked(_BRANCH_PAGE, (asked,), options, _BRANCH_COUNT, branch)
    branch = {"where": condition, "all_branches": whole}
    return Asked(messages.of_conversations, (asked,), branch, messages.count_of_conversations, branch)


def _message_id(argument: str | None, field: str) -> Any:
    value = given(argument)
    return None if value is None else ids.decode(value, "Message", field)


def _references(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Annotated[ReferenceWhere | None, strawberry.argument(description="Which of them.")] = UNSET,
) -> Asked:
    condition = {"where": where_of(where)}
    asked = page(first, after, last, before)
    return Asked(references.of_conversations, (asked,), condition, references.count_of_conversations, condition)


def _feedback(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Asked:
    asked = page(first, after, last, before)
    return Asked(feedback.of_conversations, (asked,), count=feedback.count_of_conversations)


@strawberry.type(
    description=(
        "A conversation of a person with an assistant, or a ticket, or an agent's run. Its messages form a tree: edits "
        "and regenerated answers are branches, one of which is in play."
    )
)
class Conversation(Node):
    """Its parent is a row of `conversations`."""

    id: strawberry.ID = node_id("Conversation")
    title: str = strawberry.field(description="The title: given, or made from the first user message.")
    preview: str | None = strawberry.field(
        description="The first 200 characters of the first user message. Null while there is none."
    )
    type: ConversationType = strawberry.field(description="What the conversation is.")
    assistant: AssistantLink | None = to_one(
        assistants.by_ids, "assistant_id", "The assistant that answers in it. Null where none is known."
    )
    tools: list[ToolLink] = to_many(tools.of_conversations, "The tools that were used in it, in their source's order.")
    execution_status: ExecutionStatus = strawberry.field(description="Whether an answer is being made.")
    fail_reason: str | None = strawberry.field(
        description="Why the last run failed, where it did and the reason is known."
    )
    matrix_mode: bool = strawberry.field(description="Whether it was held in the source's matrix mode.")
    visibility: Visibility = strawberry.field(description="Who may read it, as its source says.")
    share_url: str | None = strawberry.field(description="The address under which its source shares it.")
    shared_with: list[Share] = computed(
        "shared_with", by=_shares, description="The users with whom its source shares it; recorded, it grants nothing."
    )
    like: bool | None = derived(
        Derived(feedback.owners_of, ("rating",), _like),
        "The owner's opinion: true, false, or null for none. It is the rating of the owner's feedback on the "
        "conversation.",
    )
    comment: str | None = derived(
        Derived(feedback.owners_of, ("comment",), _comment), "The owner's words: the comment of that feedback."
    )
    tags: list[str] = derived(
        Derived(conversations.tags_of, ("tag",), _tags, Shape.MANY), "The tags, in the order in which they were given."
    )
    properties: JSON | None = strawberry.field(
        description="What the application says of the conversation: any JSON object."
    )
    user_properties: JSON | None = strawberry.field(
        description="What the application says of the person: any JSON object."
    )
    model: str | None = strawberry.field(
        description="The model, where the conversation has its own; else the assistant's holds."
    )
    system_prompt: str | None = strawberry.field(
        description="The instructions, where the conversation has its own; else the assistant's hold."
    )
    temperature: float | None = strawberry.field(
        description="The sampling temperature, where the conversation has its own; else the assistant's holds."
    )
    config: JSON | None = strawberry.field(
        description="Other settings as the source has them, such as responseLength, topP, chatMode, modelProvider."
    )
    external_id: str | None = strawberry.field(
        description="The id in the application's own system, unique in the workspace."
    )
    external_url: str | None = strawberry.field(description="The address in the application's own system.")
    support_ticket_conversation_id: str | None = strawberry.field(
        description="The ticket that it is about, as its source names it, whether that ticket is here or not."
    )
    support_ticket_conversation: ConversationLink | None = to_one(
        conversations.by_ticket_record_ids,
        "support_ticket_conversation_id",
        "The conversation of that ticket. Null where it is not here.",
    )
    project_id: str | None = strawberry.field(description="The project that it belongs to in its source: a label.")
    integration_id: str | None = strawberry.field(description="The integration that it came through.")
    owner_id: str | None = strawberry.field(
        description="The end user whose conversation it is, as the application names them."
    )
    origin: Origin | None = origin()
    forked_from: MessageLink | None = to_one(
        messages.by_ids,
        "forked_from_id",
        "The message down to which this copies another conversation. Null: it is no fork, or the message is gone.",
    )
    created_at: datetime = strawberry.field(
        description="When it began, as its source says; where that doesn't, when it came here."
    )
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    last_activity_at: datetime = strawberry.field(
        description="When something last happened in it: what inboxes order by."
    )
    archived_at: datetime | None = strawberry.field(description="When it was archived. Null: it is not.")
    deleted_at: datetime | None = strawberry.field(
        description="When it was deleted; set while the deletion can be undone. Null: it is not deleted."
    )
    version: int = strawberry.field(
        description="Rises with each change by one: give it back as `expectedVersion` lest another change gets lost."
    )
    message_count: int = strawberry.field(description="The number of its messages, on all branches.")
    last_message: MessageLink | None = to_one(
        messages.by_ids, "last_message_id", "The newest message, on whichever branch. Null: there is none."
    )
    current_message: MessageLink | None = to_one(
        messages.by_ids, "current_message_id", "The last message of the branch in play. Null: there is none."
    )
    messages: Connection[MessageLink] = paged(
        messages.of_conversations,
        _messages,
        "The messages of the branch in play, in order. To open a thread at its end: `last`, then `before`.",
    )
    references: Connection[ReferenceLink] = paged(
        references.of_conversations,
        _references,
        "What the conversation itself lists, then what its messages cite, in their order. "
        "`where: {messageId: {isNull: true}}` gives the first only.",
    )
    viewer_feedback: FeedbackLink | None = to_one(
        feedback.own_of_conversations,
        "id",
        "The viewer's own feedback on the conversation itself. Null: there is none.",
    )
    feedback: Connection[FeedbackLink] = paged(
        feedback.of_conversations,
        _feedback,
        "Feedback on the conversation itself, the newest first. `Query.feedback` has that on its messages, too.",
    )
    messages_openai_format: list[OpenAIChatMessage] = strawberry.field(
        name="messagesOpenAIFormat",
        resolver=_openai,
        description=(
            "The branch in play as chat messages of OpenAI's API, at most the first 1,000: ready to be sent to a model."
        ),
    )
    export: ConversationExport = export_field()

// A GraphQL server on Node: Fastify and mercurius with its compiler (jit) and its loaders, as their documentation has them.
import Fastify from "fastify";
import mercurius from "mercurius";
import { WORKSPACE, columns, keyOf, lists, nodeId, ones, rows } from "./rows.mjs";

const schema = `
  type Query {
    conversation(id: ID!): Conversation
    conversations(first: Int = 20): ConversationConnection!
  }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type ConversationConnection { edges: [ConversationEdge!]! nodes: [Conversation!]! pageInfo: PageInfo! }
  type ConversationEdge { cursor: String! node: Conversation! }
  type MessageConnection { nodes: [Message!]! pageInfo: PageInfo! }
  type ReferenceConnection { nodes: [Reference!]! pageInfo: PageInfo! }
  type Assistant { id: ID! name: String! }
  type Conversation {
    id: ID! title: String! preview: String type: ConversationType! executionStatus: ExecutionStatus! failReason: String
    matrixMode: Boolean! visibility: Visibility! shareUrl: String model: String systemPrompt: String temperature: Float
    externalId: String externalUrl: String supportTicketConversationId: String projectId: String integrationId: String
    ownerId: String createdAt: String! updatedAt: String! lastActivityAt: String! archivedAt: String deletedAt: String
    version: Int! messageCount: Int! tags: [String!]! assistant: Assistant
    messages(first: Int = 20): MessageConnection!
  }
  type Message {
    id: ID! sequence: Int! role: MessageRole! roleName: String! messageType: MessageType! actor: Actor! authorId: String
    authorName: String status: MessageStatus! failReason: String visible: Boolean! content: String!
    contentFormat: ContentFormat! confidence: String model: String toolCallId: String toolName: String timestamp: String
    createdAt: String! updatedAt: String! version: Int! externalId: String externalUrl: String
    citations: [Reference!]! conversation: Conversation!
  }
  type Reference {
    id: ID! number: Int! title: String url: String excerpt: String source: Source message: Message
  }
  type Source { id: ID! title: String url: String references(first: Int = 20): ReferenceConnection! }
  enum ConversationType { CHAT OPENAI SUPPORT_TICKET SUPPORT_COPILOT AGENT }
  enum ExecutionStatus { AVAILABLE PENDING PROCESSING ERROR ENDED }
  enum Visibility { PRIVATE PUBLIC }
  enum MessageRole { USER ASSISTANT SYSTEM TOOL OTHER }
  enum MessageType { USER_QUERY BOT_RESPONSE ERROR FEEDBACK SYSTEM TOOL_RESULT OTHER }
  enum Actor { USER AI STAFF SYSTEM }
  enum MessageStatus { STREAMING COMPLETE STOPPED FAILED }
  enum ContentFormat { MARKDOWN JSON HTML TEXT }
`;

const cursorOf = (row) => Buffer.from(`${row.active}:${row.key}`).toString("base64url");

function page(found, size) {
  const nodes = found.slice(0, size);
  return { nodes, pageInfo: { hasNextPage: found.length > size, endCursor: null } };
}

const resolvers = {
  Query: {
    async conversation(_root, { id }, _context, info) {
      const text = `SELECT ${columns(info, "conversations")} FROM conversations t WHERE workspace_id = $1 AND id = $2`;
      return (await rows(text, [WORKSPACE, keyOf(id)]))[0] ?? null;
    },
    async conversations(_root, { first }, _context, info) {
      const found = await rows(
        `SELECT ${columns(info, "conversations")}, t.last_activity_at AS active
           FROM conversations t WHERE workspace_id = $1 AND deleted_at IS NULL
          ORDER BY last_activity_at DESC, id DESC LIMIT $2`,
        [WORKSPACE, first + 1],
      );
      const { nodes, pageInfo } = page(found, first);
      const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
      return { nodes, edges, pageInfo: { ...pageInfo, endCursor: edges.at(-1)?.cursor ?? null } };
    },
  },
  Assistant: { id: (row) => nodeId("Assistant", row.key) },
  Conversation: { id: (row) => nodeId("Conversation", row.key) },
  Message: { id: (row) => nodeId("Message", row.key) },
  Reference: { id: (row) => nodeId("Reference", row.key) },
  Source: { id: (row) => nodeId("Source", row.key) },
};

// Without their cache loaders are given `info`, and so read only what is selected.
const loader = (load) => ({ loader: load, opts: { cache: false } });
const keysOf = (queries) => queries.map(({ obj }) => obj.key);

const toOne = (table, key) =>
  loader(async (queries) => {
    const keys = queries.map(({ obj }) => obj[key]);
    const text = `SELECT ${columns(queries[0].info, table)} FROM ${table} t WHERE workspace_id = $1 AND id = ANY($2::uuid[])`;
    return ones(await rows(text, [WORKSPACE, [...new Set(keys)]]), keys);
  });

const loaders = {
  Conversation: {
    tags: loader(async (queries) => {
      const keys = keysOf(queries);
      const found = await rows(
        `SELECT conversation_id, tag FROM conversation_tags
          WHERE workspace_id = $1 AND conversation_id = ANY($2::uuid[]) ORDER BY conversation_id, position`,
        [WORKSPACE, keys],
      );
      return lists(found, "conversation_id", keys).map((tags) => tags.map((row) => row.tag));
    }),
    assistant: loader(async (queries) => {
      const keys = queries.map(({ obj }) => obj.assistant_id);
      const found = await rows(
        "SELECT id AS key, name FROM assistants WHERE workspace_id = $1 AND id = ANY($2::uuid[])",
        [WORKSPACE, [...new Set(keys)]],
      );
      return ones(found, keys);
    }),
    messages: loader(async (queries) => {
      const keys = keysOf(queries);
      const { first } = queries[0].params;
      const found = await rows(
        `SELECT m.* FROM unnest($2::uuid[]) AS k CROSS JOIN LATERAL (
           SELECT ${columns(queries[0].info, "messages")}, t.conversation_id AS parent FROM messages t
            WHERE workspace_id = $1 AND conversation_id = k AND branch_position IS NOT NULL
            ORDER BY branch_position LIMIT $3) AS m`,
        [WORKSPACE, keys, first + 1],
      );
      return lists(found, "parent", keys).map((of) => page(of, first));
    }),
  },
  Message: {
    citations: loader(async (queries) => {
      const keys = keysOf(queries);
      const found = await rows(
        `SELECT ${columns(queries[0].info, "citations")}, t.message_id AS parent FROM citations t
          WHERE workspace_id = $1 AND message_id = ANY($2::uuid[]) ORDER BY message_id, position`,
        [WORKSPACE, keys],
      );
      return lists(found, "parent", keys);
    }),
    conversation: toOne("conversations", "conversation_id"),
  },
  Reference: {
    source: toOne("sources", "source_id"),
    message: toOne("messages", "message_id"),
  },
  Source: {
    references: loader(async (queries) => {
      const keys = keysOf(queries);
      const { first } = queries[0].params;
      const found = await rows(
        `SELECT c.* FROM unnest($2::uuid[]) AS k CROSS JOIN LATERAL (
           SELECT ${columns(queries[0].info, "citations")}, t.source_id AS parent FROM citations t
             JOIN conversations alive ON alive.id = t.conversation_id AND alive.deleted_at IS NULL
            WHERE t.workspace_id = $1 AND t.source_id = k ORDER BY t.id DESC LIMIT $3) AS c`,
        [WORKSPACE, keys, first + 1],
      );
      return lists(found, "parent", keys).map((of) => page(of, first));
    }),
  },
};

const app = Fastify({ logger: false });
app.register(mercurius, { schema, resolvers, loaders, jit: 1 });
await app.listen({ host: "127.0.0.1", port: Number(process.argv[2]) });
process.on("SIGTERM", () => process.exit(0));

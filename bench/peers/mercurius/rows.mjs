// What mercurius reads: its pool of PostgreSQL, and rows with only the columns that a selection names.
import pg from "pg";

export const WORKSPACE = "00000000-0000-7000-8000-000000000001";

// A time is text in the answer: from "2025-01-06 08:00:00.4173+00" to "2025-01-06T08:00:00.417300Z", never a Date, which
// would lose the microseconds.
pg.types.setTypeParser(1184, (text) => {
  const end = text.length - 3;
  const fraction = end > 19 ? text.slice(20, end) : "";
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(6, "0")}Z`;
});

// PGHOST, PGUSER and PGDATABASE say where; a folder as PGHOST is that of the Unix socket.
export const pool = new pg.Pool({ max: 10 });

// Rows of a statement that each connection prepares once, since its text is its name.
const names = new Map();
export async function rows(text, values) {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = `s${names.size}`));
  return (await pool.query({ name, text, values })).rows;
}

const own = (names) => names.trim().split(/\s+/);
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

// The fields of each type that are columns, and the columns that its relations go by.
const TABLES = {
  conversations: {
    fields: own(`title preview type executionStatus failReason matrixMode visibility shareUrl model systemPrompt
      temperature externalId externalUrl supportTicketConversationId projectId integrationId ownerId createdAt updatedAt
      lastActivityAt archivedAt deletedAt version messageCount`),
    keys: { assistant: "assistant_id" },
  },
  messages: {
    fields: own(`sequence role roleName messageType actor authorId authorName status failReason visible content
      contentFormat confidence model toolCallId toolName timestamp createdAt updatedAt version externalId externalUrl`),
    keys: { conversation: "conversation_id" },
  },
  citations: {
    fields: own("number title url excerpt"),
    keys: { source: "source_id", message: "message_id" },
  },
  sources: { fields: own("title url"), keys: {} },
};

// The names of the fields that are selected of a row, be it alone or on a page.
const WRAPPERS = new Set(["nodes", "edges", "node"]);
function* selected(node) {
  for (const below of node.selectionSet.selections) {
    if (WRAPPERS.has(below.name.value)) yield* selected(below);
    else yield below.name.value;
  }
}

// The columns of a table that the selection of a field needs, as SQL: kept by the field's node in the document.
const kept = new WeakMap();
export function columns(info, table) {
  const node = info.fieldNodes[0];
  let text = kept.get(node);
  if (text === undefined) {
    const asked = new Set(selected(node));
    const { fields, keys } = TABLES[table];
    text = [
      "t.id AS key",
      ...fields.filter((field) => asked.has(field)).map((field) => `t.${snake(field)} AS "${field}"`),
      ...Object.keys(keys)
        .filter((field) => asked.has(field))
        .map((field) => `t.${keys[field]}`),
    ].join(", ");
    kept.set(node, text);
  }
  return text;
}

// The node id that Colloquy gives.
export const nodeId = (type, key) => Buffer.from(`${type}:${key}`).toString("base64url");
export const keyOf = (id) => Buffer.from(id, "base64url").toString().split(":")[1];

// Rows by the value of their column `by`, in the order of the keys that were asked for.
export function lists(found, by, keys) {
  const grouped = new Map(keys.map((key) => [key, []]));
  for (const row of found) grouped.get(row[by]).push(row);
  return keys.map((key) => grouped.get(key));
}

export function ones(found, keys) {
  const byKey = new Map(found.map((row) => [row.key, row]));
  return keys.map((key) => byKey.get(key) ?? null);
}

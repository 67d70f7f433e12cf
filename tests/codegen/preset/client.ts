// A small client: what it reads and what it must not get wrong, as a strict compiler sees it.
import type { ResultOf, TypedDocumentNode, VariablesOf } from '@graphql-typed-document-node/core'
import { type FragmentType, read } from './generated'
import {
  AnythingDocument,
  CitationFragmentDoc,
  ComplaintFragmentDoc,
  DeepLinkDocument,
  InboxDocument,
  InboxRowFragmentDoc,
  LogDocument,
  PartFragmentDoc,
  QualityDocument,
  RateDocument,
  SendDocument,
  SidebarDocument,
  SourcesDocument,
  SwitchDocument,
  ThreadDocument,
  ThreadMessageFragmentDoc,
  WrongFragmentDoc,
} from './generated/graphql'

type Ask = <Result, Variables>(document: TypedDocumentNode<Result, Variables>, variables: Variables) => Promise<Result>

function inboxRow(given: FragmentType<typeof InboxRowFragmentDoc>): string {
  const row = read(InboxRowFragmentDoc, given)
  const tags: readonly string[] = row.tags
  const opinion: boolean | null | undefined = row.like
  // @ts-expect-error the preview may be missing
  const preview: string = row.preview
  // @ts-expect-error properties are any JSON, to be looked into before they are used
  row.properties.page
  return [row.title, preview, ...tags, String(opinion), row.lastMessage?.role ?? '', row.lastActivityAt].join(' ')
}

function part(given: FragmentType<typeof PartFragmentDoc>): string {
  const found = read(PartFragmentDoc, given)
  switch (found.__typename) {
    case 'TextPart':
    case 'ReasoningPart':
      return found.text
    case 'ImagePart':
    case 'FilePart':
      return found.url ?? ''
    case 'OtherPart':
      return `${found.type}: ${JSON.stringify(found.payload)}`
  }
}

function complaint(given: FragmentType<typeof ComplaintFragmentDoc>): string {
  const { target, citationVerdicts, rating } = read(ComplaintFragmentDoc, given)
  const verdicts = citationVerdicts.map((verdict) => {
    const citation = verdict.reference ? read(CitationFragmentDoc, verdict.reference) : null
    return `${verdict.verdict}: ${citation?.number.toFixed() ?? verdict.url}`
  })
  // @ts-expect-error no such rating
  if (rating === 'MEH') return ''
  switch (target.__typename) {
    case 'Conversation':
      return target.conversationTitle.concat(...verdicts)
    case 'Message':
      return target.content.concat(...verdicts)
    case 'Reference':
      return `${target.number.toFixed()} ${target.referenceTitle ?? ''}`.concat(...verdicts)
  }
}

function wrong(given: FragmentType<typeof WrongFragmentDoc>): string {
  const found = read(WrongFragmentDoc, given)
  switch (found.code) {
    case 'STALE_VERSION':
      return `${found.field.join('.')}: now ${found.currentVersion?.toFixed() ?? ''}`
    case 'TOO_LONG':
      return `${found.actual?.toFixed() ?? ''} of ${found.limit?.toFixed() ?? ''}`
    // @ts-expect-error no such code
    case 'BORING':
    default:
      return found.message
  }
}

async function write(ask: Ask, conversation: string): Promise<string[]> {
  const sent = await ask(SendDocument, {
    conversation,
    messages: [
      {
        uuid: '0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0f',
        role: 'USER',
        contentParts: [{ text: 'Look:' }, { image: { url: 'data:' } }],
      },
    ],
  })
  // @ts-expect-error nothing was written where something was wrong
  sent.addMessages.conversation.version
  const id = sent.addMessages.messages[0]?.id ?? ''
  // @ts-expect-error a part is of exactly one kind
  const both: VariablesOf<typeof SendDocument> = { conversation, messages: [{ role: 'USER', contentParts: [{ text: 'x', reasoning: 'y' }] }] }
  // @ts-expect-error a message has a role
  const mute: VariablesOf<typeof SendDocument> = { conversation, messages: [{ content: 'x' }] }
  const switched = await ask(SwitchDocument, { message: id, policy: 'REJECT_BAD', conversations: [conversation] })
  const rated = await ask(RateDocument, {
    input: { targetId: id, rating: 'NEGATIVE', citationVerdicts: [{ verdict: 'MISSING', title: 'Strikes' }] },
  })
  const logged = await ask(LogDocument, { thread: 't-1', transcript: [{ role: 'user', content: 'Hello' }] })
  return [
    ...sent.addMessages.userErrors.map(wrong),
    ...switched.setCurrentMessage.userErrors.map(wrong),
    String(switched.tagConversations.conversations[0]?.tags.length),
    rated.giveFeedback.feedback?.rating ?? 'unrated',
    logged.logConversation.counts.inserted.toFixed(),
    JSON.stringify([both, mute]),
  ]
}

export async function client(ask: Ask): Promise<string[]> {
  const inbox = await ask(InboxDocument, {
    where: {
      tags: { hasAny: ['billing'] },
      properties: [{ path: ['page', 'path', '0'], eq: 'docs' }],
      feedback: { rating: { eq: 'NEGATIVE' } },
      or: [{ hasCitations: true }, { messageCount: { gte: 10 } }],
    },
    order: [{ field: 'LAST_ACTIVITY_AT', direction: 'ASC' }],
  })
  // @ts-expect-error no such field to order by
  const wrong: VariablesOf<typeof InboxDocument> = { order: [{ field: 'COLOUR' }] }
  const lines = inbox.conversations.edges.map((edge) => edge.cursor + inboxRow(edge.node))

  const sidebar = await ask(SidebarDocument, { path: ['plan'], typed: 'b' })
  lines.push(...sidebar.tags.map(({ tag, count }) => `${tag} ${count.toFixed()}`))

  const id = inbox.conversations.edges[0]?.node.id ?? ''
  const thread = await ask(ThreadDocument, { id, before: inbox.conversations.pageInfo.endCursor })
  // @ts-expect-error there may be no conversation of that id
  thread.conversation.title
  for (const edge of thread.conversation?.messages.edges ?? []) {
    const message = read(ThreadMessageFragmentDoc, edge.node)
    lines.push(...message.contentParts.map(part), message.siblings.next?.id ?? '', message.toolCalls[0]?.name ?? '')
  }

  const around = await ask(DeepLinkDocument, { conversation: id, message: id })
  const messages: NonNullable<ResultOf<typeof DeepLinkDocument>['conversation']>['messages'] | undefined =
    around.conversation?.messages
  const anything = await ask(AnythingDocument, { id, ids: [id] })
  if (anything.node?.__typename === 'Conversation') lines.push(anything.node.title)
  lines.push(...anything.nodes.map((node) => node?.id ?? 'gone'), String(messages?.pageInfo.hasNextPage))

  // @ts-expect-error a time is a string
  const times: VariablesOf<typeof QualityDocument> = { assistant: id, since: 1, until: 2 }
  const quality = await ask(QualityDocument, { ...times, since: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00Z' })
  lines.push(quality.all.totalCount.toFixed(), ...quality.complaints.nodes.map(complaint))

  const sources = await ask(SourcesDocument, { site: 'https://', source: id })
  lines.push(...(sources.source?.references.nodes.map((use) => use.conversation.title) ?? []), JSON.stringify(wrong))
  lines.push(...(await write(ask, id)))
  return lines
}

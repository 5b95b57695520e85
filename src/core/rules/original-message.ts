interface Cited {
  text: string;
  messageIndex: number | null;
}

/** How much of a turn is quoted back. */
const MAX_TURN_LENGTH = 500;

/**
 * The raw input behind a memory: its text where it was stored verbatim, else the turn that supports it, as `User: ...` or
 * `Assistant: ...` (chat clients rebuild a conversation from these prefixes), at most 500 characters of it.
 */
export function originalMessage({ text, messageIndex }: Cited, messages: unknown): string {
  const turn: unknown = Array.isArray(messages) && messageIndex !== null ? messages[messageIndex] : undefined;
  if (!isTurn(turn)) return text;
  const speaker = turn.role.charAt(0).toUpperCase() + turn.role.slice(1);
  return `${speaker}: ${turn.content.slice(0, MAX_TURN_LENGTH)}`;
}

const isTurn = (value: unknown): value is { role: string; content: string } =>
  typeof value === 'object' &&
  value !== null &&
  'role' in value &&
  'content' in value &&
  typeof value.content === 'string';

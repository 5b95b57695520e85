import type { ServerResponse } from 'node:http';

/** Without a byte taken in this time, heartbeats included, a client is gone. */
const STALLED_MS = 60_000;

export const isEventStream = ({ headers }: Response): boolean =>
  headers.get('content-type')?.startsWith('text/event-stream') ?? false;

/** Responses that end only with their client, or with the server. */
export class EventStreams {
  readonly #open = new Set<ServerResponse>();

  add(response: ServerResponse): void {
    this.#open.add(response);
    response.once('close', () => this.#open.delete(response));
    response.setTimeout(STALLED_MS, () => response.destroy());
  }

  /** Cuts them: clients take an end in order for the end of the feed, and come back after any other. */
  close(): void {
    for (const response of this.#open) response.destroy();
  }
}

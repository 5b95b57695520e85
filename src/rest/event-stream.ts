import { toAppError } from '../errors.js';

const encoder = new TextEncoder();

export interface EventStream {
  /** Messages as text. A failure is told as the last one. */
  frames: AsyncIterator<string>;
  /** What to send at times, so that both ends notice when the other is gone. */
  heartbeat: () => string;
  heartbeatMs: number;
  onError: (error: unknown) => void;
  /** Called once or more, however the stream ends. */
  onClose: () => void;
}

/**
 * A response of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Pulled: the next
 * message is asked for when the client has taken the one before.
 */
export function toEventStream({ frames, heartbeat, heartbeatMs, onError, onClose }: EventStream): Response {
  let timer: NodeJS.Timeout | undefined;
  const close = (): void => {
    clearInterval(timer);
    onClose();
  };
  const toLastFrame = (error: unknown): IteratorResult<string, string> => {
    onError(error);
    const { message, code } = toAppError(error);
    return { value: toFrame({ event: 'feed.error', data: { detail: message, code } }), done: true };
  };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      const beat = (): void => {
        // A client that does not even take heartbeats is not given more of them to leave lying.
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(heartbeat()));
      };
      timer = setInterval(beat, heartbeatMs).unref();
    },
    pull: async (controller) => {
      const { value, done } = await (frames as AsyncIterator<string, string | undefined>).next().catch(toLastFrame);
      if (value !== undefined) controller.enqueue(encoder.encode(value));
      if (done !== true) return;
      close();
      controller.close();
    },
    cancel: close,
  });
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' };
  return new Response(body, { headers: { ...headers, 'x-accel-buffering': 'no' } });
}

interface Message {
  /** Becomes the client's Last-Event-ID. */
  id: bigint;
  /** Left out: `message`, which is what most clients listen to. */
  event?: string;
  data: object | string;
}

/** One message. JSON has no line breaks, so that it is one line of data. */
export const toFrame = ({ id, event, data }: Omit<Message, 'id'> & Partial<Message>): string => {
  const json = typeof data === 'string' ? data : JSON.stringify(data);
  return `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${json}\n\n`;
};

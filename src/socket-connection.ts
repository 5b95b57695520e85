import type { Socket } from 'node:net';
import { CloseCode } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Caller } from './core/deps.js';
import { isNestedTooDeep } from './core/rules/nesting.js';

/** Bytes that may wait for a client before what sends to it waits as well. */
const HIGH_WATER = 64 * 1_024;
/** Bytes of replies that may wait before nothing more is done for the client. */
const MAX_WAITING = 1_024 * 1_024;
/** Queries and mutations under way at once; further ones wait their turn. */
const MAX_RUNNING = 16;
/** Pings that are answered in one turn of the event loop, each by itself. */
const MAX_PINGS = 50;
/** Bytes that are taken of a client before it has said who it is: its key, and some. */
const MAX_UNKNOWN = 64 * 1_024;
const TOO_BIG = 1009;
/** How long a client has to answer the closing handshake. */
const FAREWELL_MS = 1_000;

type Take = (message: string) => Promise<void>;

/** One WebSocket: does for its client no more than that takes, and notices when it has gone. */
export class SocketConnection {
  /** Queries and mutations under way, by operation id; and feeds. */
  readonly running = new Set<string>();
  readonly feeds = new Set<string>();
  isClosed = false;
  /** Operations that were refused, since one was begun. */
  refused = 0;
  /** Once it has said so. */
  caller?: Caller;
  readonly #messages: string[] = [];
  #taken = 0;
  #take: Take | undefined;
  #isGathering = false;
  #isResting = false;
  #isOver = false;
  /** Messages had to wait for the client to take replies; until none waits any more. */
  #isHeldUp = false;
  #isHeard = true;
  #pings = 0;
  #lastPing: Buffer | undefined;
  #lastLeft = '';
  /** Messages that were begun since the last look for a sign of life. */
  #begun = 0;

  constructor(
    readonly ws: WebSocket,
    private readonly tcp: Socket,
  ) {
    this.#watchStranger();
    ws.on('pong', () => (this.#isHeard = true));
    // Not by the library: it answers without end whoever asks and does not read.
    ws.on('ping', (data: Buffer) => this.#answerPing(data));
    ws.on('message', (data: Buffer) => {
      this.#isHeard = true;
      if (isNestedTooDeep(data)) return this.close(CloseCode.BadRequest, 'Nested too deep');
      this.#messages.push(data.toString());
      return this.goOn();
    });
    ws.on('error', () => undefined); // what went wrong with a connection closes it, which is all there is to know
    ws.on('close', () => (this.isClosed = true));
  }

  /** Who is not known yet may have as many sockets as the server takes: a long message on each would fill its memory. */
  #watchStranger(): void {
    const begun = this.tcp.bytesRead;
    const look = (): void => {
      const isTooMuch = this.tcp.bytesRead - begun > MAX_UNKNOWN;
      if (!this.caller && !isTooMuch) return;
      this.tcp.off('data', look);
      if (this.caller) return;
      this.cutOff(TOO_BIG, 'Say who you are first');
    };
    this.tcp.on('data', look);
  }

  /**
   * Tens of thousands that come together would else be gone through before anybody else's request. Of those of one turn beyond
   * the first only the last is answered, which the protocol allows: https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
   */
  #answerPing(data: Buffer): void {
    this.#pings++;
    if (this.#pings <= MAX_PINGS) this.#pong(data);
    else this.#lastPing = data;
    if (this.#pings === MAX_PINGS) this.ws.pause();
    if (this.#pings > 1) return;
    setImmediate(() => {
      if (this.#lastPing) this.#pong(this.#lastPing);
      this.#lastPing = undefined;
      this.#pings = 0;
      this.goOn();
    });
  }

  #pong(data: Buffer): void {
    if (this.ws.bufferedAmount < HIGH_WATER && this.ws.readyState === this.ws.OPEN) this.ws.pong(data);
  }

  /** Gives messages to `take`, in order. It resolves when a query is answered, or a feed over; never rejects. */
  onMessage(take: Take): void {
    this.#take = take;
  }

  /** Sends a frame; undefined when the client may be sent more, else it resolves once it may, or is gone. */
  send(frame: string): Promise<void> | undefined {
    if (this.ws.readyState !== this.ws.OPEN) return undefined;
    this.#gather();
    if (this.ws.bufferedAmount < HIGH_WATER) {
      this.ws.send(frame, () => undefined);
      return undefined;
    }
    return new Promise((resolve) => this.ws.send(frame, () => resolve()));
  }

  /** Frames of one turn of the event loop go out in one system call. */
  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.tcp.cork();
    process.nextTick(() => {
      this.#isGathering = false;
      this.tcp.uncork();
    });
  }

  /** Closes it, with the handshake if its client still takes part in one. */
  close(code: number, reason: string): void {
    this.ws.close(code, reason);
    setTimeout(() => this.ws.terminate(), FAREWELL_MS).unref();
  }

  /** Closes it, and takes nothing more in until it is closed. */
  cutOff(code: number, reason: string): void {
    this.#isOver = true;
    this.ws.pause();
    this.close(code, reason);
  }

  /**
   * Takes a message that waits, as far as the client takes what was made of those before; reads no further meanwhile. The next one
   * comes with the next turn of the event loop: thousands that were sent at once would else be done before anybody else's.
   */
  goOn(): void {
    if (this.#isResting || this.#isOver) return;
    if (this.#messages.length > 0 && !this.#isFull()) {
      this.#rest();
      this.#start(this.#messages.shift() ?? '');
    }
    this.#isHeldUp = this.#messages.length > 0 && (this.#isHeldUp || this.#isFull());
    if (this.isClosed) return;
    if (this.#messages.length > 0) this.ws.pause();
    else if (this.ws.isPaused) this.ws.resume();
  }

  #rest(): void {
    this.#isResting = true;
    setImmediate(() => {
      this.#isResting = false;
      this.goOn();
    });
  }

  #start(message: string): void {
    this.#taken++;
    this.#begun++;
    void this.#take?.(message).finally(() => {
      this.#taken--;
      this.goOn();
    });
  }

  #isFull(): boolean {
    const limit = this.#isHeldUp ? HIGH_WATER : MAX_WAITING;
    return this.ws.bufferedAmount > limit || this.#taken - this.feeds.size >= MAX_RUNNING;
  }

  /**
   * Asks for a sign of life, and ends the connection if there was none since the last time: no word from the client, of what
   * waits for it nothing taken, and of what it said before nothing begun (until all of that is, nothing more is read, an
   * answer to this neither).
   */
  beat(): void {
    const left = this.#left();
    const isTaking = this.ws.bufferedAmount > 0 && left !== this.#lastLeft;
    this.#lastLeft = left;
    if (!this.#isHeard && !isTaking && this.#begun === 0) {
      this.ws.terminate();
      return;
    }
    this.#isHeard = false;
    this.#begun = 0;
    this.ws.ping();
  }

  /** What has left for the client, down to a part of one write: a long one may take minutes, and is taken all the same. */
  #left(): string {
    const handle = Reflect.get(this.tcp, '_handle') as { writeQueueSize?: number } | null;
    return `${this.tcp.bytesWritten - this.ws.bufferedAmount} ${handle?.writeQueueSize ?? 0}`;
  }
}

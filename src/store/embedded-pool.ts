import { Duplex } from 'node:stream';
import type { EmbeddedPostgres } from './embedded.js';
import { GuardedPool, type GuardOptions } from './guard.js';

const TERMINATE = 0x58; // 'X', the frontend message with which a client says goodbye

/**
 * A "socket" for node-postgres that ends in PGlite: the wire protocol without a wire. The driver corks the messages of
 * one query, so that a query is one call. Documented way in: the `stream` option of `pg.Client`.
 */
class EmbeddedStream extends Duplex {
  readonly #db: EmbeddedPostgres;

  constructor(db: EmbeddedPostgres) {
    super({ writableHighWaterMark: 1 << 24 });
    this.#db = db;
  }

  connect(): this {
    this.#db.ready.then(
      () => this.emit('connect'),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    return this;
  }

  override _read(): void {
    // Replies are pushed as they come.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#run(new Uint8Array(chunk), done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#run(new Uint8Array(Buffer.concat(chunks.map(({ chunk }) => chunk))), done);
  }

  #run(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    if (bytes[0] === TERMINATE) {
      this.push(null); // the one session stays
      done();
      return;
    }
    this.#db.execute(bytes).then((reply) => {
      if (reply.length > 0) this.push(reply);
      done();
    }, done);
  }

  // What the driver asks of a network socket.
  setNoDelay = (): this => this;
  setKeepAlive = (): this => this;
  ref = (): this => this;
  unref = (): this => this;
}

/** A pool of one connection: transactions wait for each other, as the one session demands. */
export const embeddedPool = (db: EmbeddedPostgres, guard?: GuardOptions): GuardedPool =>
  new GuardedPool(
    {
      user: 'postgres',
      database: 'postgres',
      max: 1,
      idleTimeoutMillis: 0,
      ssl: false,
      stream: () => new EmbeddedStream(db),
      // The pool drops a connection on which a statement failed, but the one session lives on: without this, statements
      // that the next connection names would "already exist", and every query from then on would fail.
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the pool awaits it; its types do not say so
      onConnect: (client) => client.query('ROLLBACK; DEALLOCATE ALL'),
    },
    guard,
  );

// REST calls over a fixed number of connections, timed one by one.
import { Agent, request } from 'node:http';

export interface Call {
  name: string;
  method: string;
  path: string;
  body?: (n: number) => object;
}

/** A client of one server with one key. */
export class Requests {
  readonly #agent: Agent;

  constructor(
    private readonly url: string,
    private readonly key: string,
    readonly connections: number,
  ) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** The reply's text. @throws Error for any other status than 200 */
  send({ method, path, body }: Call, n: number): Promise<string> {
    const text = body && JSON.stringify(body(n));
    const headers = {
      authorization: `Bearer ${this.key}`,
      ...(text !== undefined && { 'content-type': 'application/json' }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(`${this.url}${path}`, { method, headers, agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const reply = Buffer.concat(parts).toString();
          if (response.statusCode === 200) resolve(reply);
          else reject(new Error(`${method} ${path}: ${response.statusCode ?? ''} ${reply}`));
        });
      });
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  /** Milliseconds that each of `total` calls took, shortest first, as many at a time as there are connections. */
  async load(total: number, call: Call, from = 0): Promise<number[]> {
    const times: number[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let n = next++; n < total; n = next++) {
        const began = performance.now();
        await this.send(call, from + n);
        times.push(performance.now() - began);
      }
    };
    await Promise.all(Array.from({ length: this.connections }, worker));
    return times.sort((a, b) => a - b);
  }

  close(): void {
    this.#agent.destroy();
  }
}

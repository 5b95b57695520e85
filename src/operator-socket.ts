import net from 'node:net';
import { text } from 'node:stream/consumers';
import { toAppError } from './errors.js';

interface Reply {
  isDone: boolean;
  text: string;
}

const MAX_COMMAND_LENGTH = 64 * 1024;

/** Answers one command (a JSON array of arguments) on a local connection: the command line talking to a running server. */
export function serveOperator(socket: net.Socket, run: (argv: readonly string[]) => Promise<string>): void {
  let command = '';
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy()); // the other side left: its business
  socket.on('data', (chunk: string) => {
    command += chunk;
    if (command.length > MAX_COMMAND_LENGTH) return void socket.destroy();
    if (!command.endsWith('\n')) return;
    answer(command, run).then(
      (reply) => socket.end(JSON.stringify(reply)),
      () => socket.destroy(),
    );
  });
}

async function answer(command: string, run: (argv: readonly string[]) => Promise<string>): Promise<Reply> {
  try {
    return { isDone: true, text: await run(JSON.parse(command) as readonly string[]) };
  } catch (error) {
    return { isDone: false, text: toAppError(error).message };
  }
}

/** Sends a command to the server that holds this address; null if none does. */
export async function askRunningServer(address: string, argv: readonly string[]): Promise<Reply | null> {
  const socket = net.connect(address);
  const isConnected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  if (!isConnected) return null;
  socket.write(`${JSON.stringify(argv)}\n`);
  return JSON.parse(await text(socket)) as Reply;
}

import type { Socket } from 'node:net';
import type { App } from './app.js';
import { readConfig, type Config } from './config.js';
import type { Logger } from './logger.js';
import { openFolder, type EmbeddedFolder } from './store/embedded-folder.js';

/** Longer than requests under way are waited for, and short enough for any supervisor. */
const CLOSE_MS = 15_000;

/** Starts the server and keeps it until a signal: the one place with side effects. */
export async function main(): Promise<void> {
  const startedAt = performance.now();
  const config = readConfig(process.env);
  const folder = startFolder(config);
  const [{ createLogger }, { createFirstApiKey }, { secretsIn }] = await Promise.all([
    import('./logger.js'),
    import('./core/accounts.js'),
    import('./redact.js'),
  ]);
  const logger = createLogger(config.logLevel, { secrets: secretsIn(config) });
  // Node would print the error with all that it holds: rows, requests, keys.
  process.on('uncaughtException', (error, origin) => {
    logger.fatal({ err: error, origin }, 'the process can not go on');
    process.exit(1);
  });
  const app = await openApp({ config, logger }, folder);
  const first = await createFirstApiKey(app.deps);
  const url = await app.listen();
  const ms = Math.round(performance.now() - startedAt);
  logger.info({ url, database: config.database.kind, llm: app.deps.llm.provider, ms }, 'ready');
  console.log(`Palimpsest is ready at ${url} (GraphQL: ${url}/graphql)`);
  if (first) console.log(welcome(url, first.key));

  let isClosing = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isClosing) process.exit(1); // a second signal: somebody is in a hurry
    isClosing = true;
    logger.info({ signal }, 'closing');
    // Whatever still hangs then: nothing acknowledged is lost, and a supervisor would kill it anyway.
    setTimeout(() => process.exit(1), config.drainMs + CLOSE_MS).unref();
    const close = async (): Promise<void> => {
      await app.drain();
      await app.close();
    };
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'closing failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** The embedded database starts, in its worker, while everything else is loaded: each takes about half of a start. */
async function openApp({ config, logger }: { config: Config; logger: Logger }, folder: FolderStart): Promise<App> {
  const [{ createApp }, { runOperatorCommand }, { serveOperator }] = await Promise.all([
    import('./app.js'),
    import('./operator.js'),
    import('./operator-socket.js'),
  ]);
  const app = await createApp(config, logger, folder.opening ? { folder: folder.opening } : {});
  folder.serve((socket) => serveOperator(socket, (argv) => runOperatorCommand(app.deps, argv)));
  return app;
}

interface FolderStart {
  opening: Promise<EmbeddedFolder> | undefined;
  /** From here on local connections are answered; those that came before wait for it. */
  serve(answer: (socket: Socket) => void): void;
}

function startFolder({ database }: Config): FolderStart {
  const waiting: Socket[] = [];
  let answer = (socket: Socket): void => void waiting.push(socket);
  const opening =
    database.kind === 'embedded'
      ? openFolder(database.dataDir, { onLocalConnection: (socket) => answer(socket) })
      : undefined;
  opening?.catch(() => undefined); // it fails where it is awaited
  return {
    opening,
    serve: (given) => {
      answer = given;
      waiting.forEach(given);
    },
  };
}

const welcome = (url: string, key: string): string => `
Your first API key, shown this once (auto-supersession is on for it; keys made later start with it off):

  export AURRA_API_KEY="${key}"

Try it:

  curl -X POST ${url}/agent/memories \\
    -H "Authorization: Bearer ${key}" \\
    -H "Content-Type: application/json" \\
    -d '{"messages": [{"role": "user", "content": "Hi, I am Alice. I am a senior engineer at Acme."}], "session_id": "alice-session-1"}'
`;

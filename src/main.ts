import type { Socket } from 'node:net';
import type { App } from './app.js';
import { readConfig, type Config } from './config.js';
import { createFirstApiKey } from './core/accounts.js';
import { createLogger, type Logger } from './logger.js';
import { runOperatorCommand } from './operator.js';
import { serveOperator } from './operator-socket.js';
import { openDatabase } from './store/client.js';

/** Starts the server and keeps it until a signal: the one place with side effects. */
export async function main(): Promise<void> {
  const startedAt = performance.now();
  const config = readConfig(process.env);
  const logger = createLogger(config.logLevel);
  const app = await openApp(config, logger);
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
    app.close().then(
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

/** The database opens, in its worker, while the doors and their libraries are loaded: each takes about half of a start. */
async function openApp(config: Config, logger: Logger): Promise<App> {
  const waiting: Socket[] = []; // the command line may call before there is an app to answer it
  let serve = (socket: Socket): void => void waiting.push(socket);
  const opening = openDatabase(config.database, { onLocalConnection: (socket) => serve(socket) });
  opening.catch(() => undefined); // it fails below, where it is awaited
  const { createApp } = await import('./app.js');
  const app = await createApp(config, logger, { database: opening });
  serve = (socket) => serveOperator(socket, (argv) => runOperatorCommand(app.deps, argv));
  waiting.forEach(serve);
  return app;
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

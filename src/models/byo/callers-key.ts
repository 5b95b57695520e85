import { AppError, type ErrorCode } from '../../errors.js';
import type { Question } from '../calls/ask.js';
import type { Failure } from '../calls/failure.js';
import type { LlmChoice } from '../llm.js';
import { cleanWords } from './provider-words.js';

interface Said {
  code: ErrorCode;
  field?: string;
  message: string;
}

const KEY_REFUSED: Said = { code: 'LLM_KEY_REFUSED', message: 'The model provider refused the key' };
const MODEL_REFUSED: Said = {
  code: 'LLM_MODEL_REFUSED',
  field: 'llm.model',
  message: 'The model provider does not know the model',
};
const RATE_LIMITED: Said = { code: 'LLM_RATE_LIMITED', message: "The model provider's rate limit is reached" };
const REFUSED: Said = { code: 'UPSTREAM_FAILED', message: 'The model provider refused the request' };
const DOWN: Said = { code: 'UPSTREAM_FAILED', message: 'The model provider is not available' };

/** Gemini and xAI answer a wrong key with 400. */
const ABOUT_KEY = /\bapi[ _-]?key\b|\bincorrect key\b/i;
const ABOUT_MODEL =
  /\b(unknown|invalid|unsupported|no such) (model|deployment)\b|\b(model|deployment)\b.{0,80}\b(not found|does ?n[o']t exist|not exist|not available|is not supported|is not a valid)/i;
const MODEL_CODES = new Set(['model', 'model_not_found', 'invalid_model', 'unknown_model', 'DeploymentNotFound']);

function isAboutModel({ words = '', names }: Failure, model: string): boolean {
  if (names.some((name) => MODEL_CODES.has(name))) return true;
  return ABOUT_MODEL.test(words) || (model.length > 3 && words.includes(model));
}

function readRefusal(failure: Failure, model: string): Said {
  const { status = 0, words = '' } = failure;
  if (status === 401 || status === 403) return KEY_REFUSED;
  if (status === 404) return MODEL_REFUSED;
  if (status === 429) return RATE_LIMITED;
  if (status >= 500 || status === 408) return DOWN;
  if (status === 400 && ABOUT_KEY.test(words)) return KEY_REFUSED;
  if ((status === 400 || status === 422) && isAboutModel(failure, model)) return MODEL_REFUSED;
  return REFUSED;
}

const SAID: Record<Exclude<Failure['kind'], 'refused'>, Said> = {
  timeout: { code: 'UPSTREAM_FAILED', message: 'The model provider did not answer in time' },
  // The same for a name that leads nowhere, a closed port and an address inside: the difference would map a network.
  unreachable: { code: 'UPSTREAM_FAILED', message: 'The model provider can not be reached' },
  broken: { code: 'UPSTREAM_FAILED', message: "The model provider's reply broke off" },
  unknown: { code: 'UPSTREAM_FAILED', message: 'The call to the model provider failed' },
};

/** Failures of a caller's own model, with the provider's words where it has refused: key and contract are the caller's. */
export const explainCallersKey =
  ({ apiKey, model }: LlmChoice) =>
  (failure: Failure, { data }: Question<unknown>): AppError => {
    const said = failure.kind === 'refused' ? readRefusal(failure, model) : SAID[failure.kind];
    const words = said === DOWN ? undefined : cleanWords(failure.words, { apiKey, model, data });
    const message = words === undefined ? `${said.message}.` : `${said.message}: ${words}`;
    return new AppError(said.code, message, { field: said.field, cause: failure.cause });
  };

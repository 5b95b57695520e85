import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callRest, startApp, type Client, type TestApp } from '../support/start-app.js';
import { refusal, type WireRefusal } from '../support/wire.js';

interface WireSettings {
  auto_supersede_default: boolean;
  excluded_categories: string[];
  min_confidence: number;
  classifier_model: string;
  freshness_half_life_days: number;
}

interface WireInvalid extends WireRefusal {
  status: string;
  error: string;
  hint: string;
}

const DEFAULTS: WireSettings = {
  auto_supersede_default: false,
  excluded_categories: ['health_medical', 'legal_status'],
  min_confidence: 0.85,
  classifier_model: 'claude-haiku-4-5-20251001',
  freshness_half_life_days: 30,
};

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  client = await app.newClient();
});

const read = (by = client) => by.rest<WireSettings>('GET', '/agent/settings');
const change = (settings: object, by = client) => by.rest<WireSettings>('PATCH', '/agent/settings', settings);

describe('GET /agent/settings', () => {
  describe('200', () => {
    it('has the documented defaults for a new key', async () => {
      const { status, body } = await read();
      expect(status).toBe(200);
      expect(body).toEqual(DEFAULTS);
    });
  });

  describe('401', () => {
    it('refuses a call without a key', async () => {
      const { status, body } = await callRest<WireRefusal>(app, 'GET', '/agent/settings');
      expect(status).toBe(401);
      expect(body.detail).toBe('Not authenticated');
    });
  });
});

describe('PATCH /agent/settings', () => {
  describe('200', () => {
    it.each([
      { auto_supersede_default: true },
      { excluded_categories: ['financial'] },
      { excluded_categories: [] },
      { min_confidence: 0 },
      { min_confidence: 1 },
      { classifier_model: 'claude-sonnet-4-5' },
      { freshness_half_life_days: 1 },
      { freshness_half_life_days: 3650 },
      { freshness_half_life_days: 0.5 + 60 },
    ])('changes %j and nothing else, and gives the whole object', async (settings) => {
      const { status, body } = await change(settings);
      expect(status).toBe(200);
      expect(body).toEqual({ ...DEFAULTS, ...settings });
      expect((await read()).body).toEqual(body);
    });

    it('leaves null and unknown fields alone', async () => {
      const { body } = await change({ min_confidence: 0.9, classifier_model: null, colour: 'green' });
      expect(body).toEqual({ ...DEFAULTS, min_confidence: 0.9 });
    });

    it('belongs to the key, not to the account', async () => {
      const sibling = await app.newClient({ accountId: client.caller.accountId });
      await change({ min_confidence: 0.5 });
      expect((await read(sibling)).body).toEqual(DEFAULTS);
    });

    it('holds for the writes that follow', async () => {
      await change({ auto_supersede_default: true });
      const { body } = await client.rest<{ auto_supersede: { ran: boolean } }>('POST', '/agent/memories', {
        content: 'Likes chess.',
      });
      expect(body.auto_supersede.ran).toBe(true);
    });
  });

  describe('400', () => {
    it.each([0, 0.99, 3650.01, -30, 1e6, 'long', [30]])(
      'refuses a half-life of %j in the documented words, beside detail',
      async (days) => {
        const { status, body } = await client.rest<WireInvalid>('PATCH', '/agent/settings', {
          freshness_half_life_days: days,
        });
        const hint = 'freshness_half_life_days must be a number between 1 and 3650.';
        expect(status).toBe(400);
        expect(body).toEqual({
          status: 'error',
          error: 'validation failed',
          hint,
          detail: hint,
          code: 'INVALID_INPUT',
          field: 'freshness_half_life_days',
        });
        expect((await read()).body).toEqual(DEFAULTS);
      },
    );

    it.each([
      [{ min_confidence: 1.1 }, 'min_confidence'],
      [{ min_confidence: '0.9' }, 'min_confidence'],
      [{ auto_supersede_default: 'true' }, 'auto_supersede_default'],
      [{ excluded_categories: 'financial' }, 'excluded_categories'],
      [{ excluded_categories: ['financial', ''] }, 'excluded_categories.1'],
      [{ classifier_model: '' }, 'classifier_model'],
      [{ classifier_model: 'gpt-4o' }, 'classifier_model'],
      [{ classifier_model: 'claude-\0' }, 'classifier_model'],
    ])('refuses %j and names %s', async (settings, field) => {
      const { status, body } = await client.rest<WireInvalid>('PATCH', '/agent/settings', settings);
      expect(status).toBe(400);
      expect(body).toMatchObject({ status: 'error', error: 'validation failed', code: 'INVALID_INPUT', field });
      expect(body.hint).toContain(field);
      expect(body.detail).toBe(body.hint);
    });

    it('changes nothing where one of several fields is refused', async () => {
      const { status } = await change({ auto_supersede_default: true, min_confidence: 7 });
      expect(status).toBe(400);
      expect((await read()).body).toEqual(DEFAULTS);
    });

    it('refuses an empty change', async () => {
      const { status, body } = await client.rest<WireInvalid>('PATCH', '/agent/settings', {});
      expect(status).toBe(400);
      expect(body).toMatchObject({ status: 'error', code: 'INVALID_INPUT' });
    });

    it('refuses what is no JSON', async () => {
      const { status, body } = await client.rest<WireRefusal>('PATCH', '/agent/settings', 'min_confidence=1');
      expect(status).toBe(400);
      expect(body).toEqual(refusal('INVALID_JSON'));
    });
  });

  describe('401', () => {
    it('refuses a call without a key', async () => {
      const { status } = await callRest(app, 'PATCH', '/agent/settings', { min_confidence: 0.9 });
      expect(status).toBe(401);
    });
  });
});

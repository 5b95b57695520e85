import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/core/finish-answer.js';
import type { PreparedQuestion } from '../../src/core/prepare-question.js';
import { SharedQuestions } from '../../src/core/shared-question.js';

const NOW = Date.UTC(2026, 0, 1);
const found = (...validFrom: number[]): PreparedQuestion =>
  ({
    asOf: {},
    memories: validFrom.map((at) => ({ validFrom: new Date(at), validTo: null })),
  }) as unknown as PreparedQuestion;
const join = () => new SharedQuestions().join('a').question;

describe('a question that many ask', () => {
  it('is looked up again for who has seen more, or once an instant came at which something begins to hold', async () => {
    const question = join();
    const looks: string[] = [];
    const look = (name: string, sees: bigint, at: number) =>
      question.find(sees, at, () => {
        looks.push(name);
        return Promise.resolve(found(NOW + 1_000));
      });
    const first = await Promise.all([look('a', 5n, NOW), look('b', 5n, NOW), look('c', 4n, NOW + 999)]);
    expect(new Set(first).size).toBe(1);
    await look('d', 6n, NOW);
    await Promise.all([look('e', 6n, NOW + 1_000), look('f', 6n, NOW + 1_000)]);
    expect(looks).toEqual(['a', 'd', 'e']);
  });

  it('is looked up again after a look that failed, by who comes next', async () => {
    const question = join();
    const failing = () => question.find(1n, NOW, () => Promise.reject(new Error('down')));
    await expect(Promise.all([failing(), failing()])).rejects.toThrow('down');
    const good = found();
    expect(await question.find(1n, NOW, () => Promise.resolve(good))).toBe(good);
  });

  it('is answered for the others where the one for whom it was asked leaves', async () => {
    const question = join();
    const [leaves, stays] = [new AbortController(), new AbortController()];
    const on = found();
    const broken = question.answer(on, leaves.signal, async () => {
      await new Promise((resolve) => leaves.signal.addEventListener('abort', resolve));
      throw new Error('broken off');
    });
    const answer = { text: 'In Rome.' } as Answer;
    const whole = question.answer(on, stays.signal, () => Promise.resolve(answer));
    leaves.abort();
    await expect(broken).rejects.toThrow('broken off');
    expect(await whole).toBe(answer);
  });

  it('is told once to those who were told the same before, and kept for as long as somebody follows', async () => {
    const questions = new SharedQuestions();
    const [one, two] = [questions.join('a'), questions.join('a')];
    expect(one.question).toBe(two.question);
    const on = found();
    const told = await Promise.all(
      ['x', 'x', 'y'].map((before) => one.question.tell(on, before, () => Promise.resolve({}))),
    );
    expect(told[0]).toBe(told[1]);
    expect(told[0]).not.toBe(told[2]);
    one.leave();
    expect(questions.join('a').question).toBe(two.question);
    questions.join('b').leave();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSentence, statementsOf } from '../../src/core/rules/checked-sentence.js';
import { framed, LiveCitations, Numbering, toCitations } from '../../src/core/rules/citations.js';
import { SentenceReader, sentencesOf } from '../../src/core/rules/sentences.js';
import { doubtOf } from '../../src/core/rules/support.js';

const validFrom = new Date('2026-03-09T00:00:00Z');
const memory = (text: string) => ({ text, validFrom });

const doubt = (said: string, text: string, about: { question?: string; userName?: string } = {}) =>
  doubtOf(said, {
    memories: [memory(text)],
    question: about.question ?? 'Where does Alice work?',
    userName: about.userName ?? null,
  });

describe('a statement is borne out by a memory', () => {
  it.each([
    ['Alice works at Acme.', 'Alice works at Acme'],
    ['Alice is employed by Acme.', 'Alice works at Acme'],
    ['You work at Globex.', 'User joined Globex as a staff engineer'],
    ['Yes: Alice works at Acme.', 'Alice works at Acme'],
    ['As of 2020-01-05: Alice works at Acme.', 'Alice works at Acme'],
    ['She has three cats.', 'Alice has 3 cats'],
    ['The rent is $1,200.', 'The rent is $1200 a month'],
    ['Alice joined Acme on March 9.', 'Alice joined Acme'],
    ['Alice joined Acme in 2026 (valid from 2026-03-09).', 'Alice joined Acme'],
    ['Alice met Bob on May 4, 2025.', 'Alice met Bob on 2025-05-04'],
    ['User doesn’t eat meat.', 'User does not eat meat. User likes fish.'],
    ['User likes fish.', 'User does not eat meat. User likes fish.'],
    ['爱丽丝住在奥斯陆。', '爱丽丝住在奥斯陆'],
  ])('%s <- %s', (said, text) => {
    expect(doubt(said, text)).toBeNull();
  });

  it.each([
    ['Alice works at Globex.', 'Alice works at Acme', 'NAME'],
    ['Bob works at Acme.', 'Alice works at Acme', 'NAME'],
    ['Alice has 3 cats.', 'Alice has 2 cats', 'NUMBER'],
    ['Alice joined Acme on March 8.', 'Alice joined Acme', 'NUMBER'],
    ['Alice joined Acme in 2019.', 'Alice joined Acme', 'NUMBER'],
    ['Alice does not work at Acme.', 'Alice works at Acme', 'NEGATION'],
    ['User eats meat.', 'User does not eat meat. User likes fish.', 'NEGATION'],
    ['She enjoys long walks by the sea.', 'Alice works at Acme', 'WORDS'],
    ['Alice likes coffee.', 'Alice likes tea', 'WORDS'],
  ])('but not %s <- %s: %s', (said, text, why) => {
    expect(doubt(said, text)).toBe(why);
  });

  it('that speaks of User where the question, or another memory, has the name', () => {
    expect(doubt('Alice works at Acme.', 'User works at Acme')).toBeNull();
    expect(doubt('You work at Acme.', 'User works at Acme', { question: 'Where do I work?' })).toBeNull();
    expect(doubt('Ann works at Acme.', 'User works at Acme', { question: 'And now?', userName: 'Ann' })).toBeNull();
    expect(
      doubt('Bob works at Acme.', 'User works at Acme', { question: 'Where does Bob work?', userName: 'Ann' }),
    ).toBe('NAME');
    expect(doubt('Bob works at Acme.', 'Alice works at Acme', { question: 'Where does Bob work?' })).toBe('NAME');
  });
});

describe('a sentence', () => {
  it('is cut into what its markers stand for', () => {
    expect(statementsOf('Ann moved from Bergen [mem-2] to Oslo [mem-1][mem-3], by train.')).toEqual([
      { said: 'Ann moved from Bergen', cited: [2] },
      { said: 'to Oslo, by train.', cited: [1, 3] },
    ]);
    expect(statementsOf('[mem-1] says Oslo.')).toEqual([{ said: 'says Oslo.', cited: [1] }]);
    expect(statementsOf('Nothing is known.')).toEqual([]);
  });

  it('is supported when all that it cites bears it out, each held against its own text', () => {
    const cited = [memory('Ann moved to Oslo'), memory('Ann likes tea'), memory('Ann has a boat')];
    const check = (sentence: string) =>
      checkSentence(sentence, 1, cited, { question: 'Where does Ann live?', userName: null });
    const doubts = (sentence: string) => check(sentence).citations.map(({ index, doubt: why }) => [index, why]);
    expect(check('Ann moved to Oslo [mem-1] and likes tea [mem-2].')).toMatchObject({ isSupported: true });
    expect(doubts('Ann moved to Oslo [mem-1] and likes coffee [mem-2].')).toEqual([
      [1, null],
      [2, 'WORDS'],
    ]);
    // Two that stand together speak together; one that has no word of it was cited for nothing.
    expect(doubts('Ann moved to Oslo and likes tea [mem-1][mem-2].')).toEqual([
      [1, null],
      [2, null],
    ]);
    expect(doubts('She moved to Oslo [mem-1][mem-3].')).toEqual([
      [1, null],
      [3, 'WORDS'],
    ]);
    expect(check('Nothing is known.')).toMatchObject({ isSupported: false, citations: [] });
  });
});

describe('sentences', () => {
  it.each([
    [
      'Ann lives in Oslo [mem-1]. She likes tea. [mem-2] And fish!',
      ['Ann lives in Oslo [mem-1].', 'She likes tea. [mem-2]', 'And fish!'],
    ],
    [
      'Dr. Smith, i.e. J. Smith, pays $3.5 for No. 5. He left.',
      ['Dr. Smith, i.e. J. Smith, pays $3.5 for No. 5.', 'He left.'],
    ],
    ['Two:\n1. Oslo [mem-1]\n2. Bergen [mem-2]', ['Two:', '1. Oslo [mem-1]', '2. Bergen [mem-2]']],
    ['"Yes." He said no.', ['"Yes."', 'He said no.']],
    ['你好。爱丽丝[mem-1]。', ['你好。', '爱丽丝[mem-1]。']],
    ['  ', []],
  ])('of %j', (text, sentences) => {
    expect(sentencesOf(text)).toEqual(sentences);
  });

  it('end somewhere, in a text without a full stop too', () => {
    const long = sentencesOf('word '.repeat(1_000));
    expect(long.map((sentence) => sentence.length <= 2_000)).toEqual([true, true, true]);
    expect(long.join(' ')).toBe('word '.repeat(1_000).trim());
    expect(sentencesOf(`${'x'.repeat(1_995)}[mem-1]${'.'.repeat(50_000)}`).join('')).toContain('[mem-1]');
  });
});

/** Texts as models write them, as pieces that never cut a marker. */
const words = fc.constantFrom(
  'Ann',
  'lives',
  'in Oslo',
  'Dr.',
  'No. 5',
  ' ',
  '  ',
  '\n',
  '. ',
  '.',
  ', ',
  '! ',
  'As of ',
  '"',
  '。',
  '😀',
);
const markers = fc.constantFrom('[mem-1]', '[mem-2]', '[mem-3]', ' [mem-2]', '[mem-99]', ' [mem-0]', '[mem-7] ');
const rest = fc.array(fc.oneof({ weight: 4, arbitrary: words }, { weight: 2, arbitrary: markers }), { maxLength: 40 });
const texts = fc
  .tuple(fc.constantFrom('Ann', 'As of M', 'As', '[mem-1]', '"'), rest)
  .map(([first, others]) => [first, ...others]);

describe('an answer that is written piece by piece', () => {
  it('has the text, the citations and the sentences of the whole, however it is cut', () => {
    fc.assert(
      fc.property(texts, fc.constantFrom(null, 'As of 2026-01-01: '), (pieces, frame) => {
        const said = pieces.join('').trim();
        const hits = ['a', 'b', 'c'];
        const whole = toCitations(framed(said, frame), hits);
        const numbering = new Numbering(hits.length);
        const live = new LiveCitations(numbering, frame);
        const reader = new SentenceReader();
        const shown = [...pieces.map((piece) => live.push(piece)), live.end()];
        const sentences = [...shown.flatMap((piece) => reader.push(piece)), ...reader.end()];
        expect(shown.join('')).toBe(whole.textWithCitations);
        expect(sentences).toEqual(sentencesOf(whole.textWithCitations));
        expect(numbering.order.map((position) => hits[position])).toEqual(
          whole.citations.filter(({ isCited }) => isCited).map(({ hit }) => hit),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('says of each citation which sentences lean on it', () => {
    const { citations } = toCitations('Oslo [mem-2]. Tea [mem-1]. By the sea [mem-2][mem-9].', ['tea', 'oslo', 'boat']);
    expect(citations.map(({ hit, index, isCited, sentences }) => [hit, index, isCited, sentences])).toEqual([
      ['oslo', 1, true, [1, 3]],
      ['tea', 2, true, [2]],
      ['boat', 3, false, []],
    ]);
  });
});

import { contentStems, coverage, wordsOf } from './words.js';

/** How a new value stands to an old one: the same, one the other in more detail, or another. */
export const compareValues = (before: string, after: string): 'same' | 'narrower' | 'other' => {
  const [a = [], b = []] = [before, after].map((value) =>
    wordsOf(value).filter((word) => !/^(?:the|a|an|in|on|at|of|his|her|their|its)$/.test(word)),
  );
  if (coverage(a, b) === 1 && coverage(b, a) === 1) return 'same';
  if (contentStems(before).join(' ') === contentStems(after).join(' ') && contentStems(after).length > 0) return 'same';
  return coverage(a, b) === 1 || coverage(b, a) === 1 ? 'narrower' : 'other';
};

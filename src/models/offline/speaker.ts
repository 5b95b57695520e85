import type { Message } from '../llm.js';
import { expandFirstPerson } from './third-person.js';

const NAME = "(\\p{Lu}[\\p{L}'’-]+(?: \\p{Lu}[\\p{L}'’-]+){0,2})";
const END = '(?=\\s*(?:[.,!;:)–—-]|$|\\band\\b|\\bfrom\\b|\\(|\\bhere\\b|\\ba\\b|\\bthe\\b))';
const INTRODUCTIONS: readonly RegExp[] = [
  new RegExp(`\\b[Mm]y (?:full |first )?name(?:['’]s| is) ${NAME}`, 'u'),
  new RegExp(`\\b[Cc]all me ${NAME}`, 'u'),
  new RegExp(`(?:^|[.!,;:–—-]\\s*|\\b(?:[Hh]i|[Hh]ello|[Hh]ey|and)\\s+)I am ${NAME}${END}`, 'u'),
  // Without a greeting "this is Max" shows somebody else, often a pet.
  new RegExp(`\\b(?:[Hh]i|[Hh]ello|[Hh]ey)(?: there)?[,!.]?\\s+(?:[Tt]his is|[Ii]t's|[Ii]t is) ${NAME}${END}`, 'u'),
];
/** Capitalised words that follow "I am" without being a name: nationalities and the like end so. */
const NOT_A_NAME =
  /^(?:\p{L}+(?:ish|ese|ian|ean|ican)|German|French|Dutch|Greek|Swiss|Czech|Thai|Iraqi|Israeli|Pakistani|Christian|Muslim|Jewish|Catholic|Buddhist|Hindu|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|CEO|CTO|CFO|OK|Here|Not|The|Very|So|Happy|Sorry|Head|Senior|Vice|Director|Assistant|System|Admin)\b/u;

const KNOWN: readonly RegExp[] = [
  new RegExp(`^(?:The )?[Uu]ser(?:['’]s)?(?: full| first)? name is ${NAME}`, 'u'),
  new RegExp(`^${NAME} (?:is|was|has|lives|works|joined|moved|likes|prefers)\\b`, 'u'),
];

/** The name with which a text introduces its own speaker, if it does. */
export const introducedName = (text: string): string | null => {
  const expanded = expandFirstPerson(text).replaceAll('’', "'");
  for (const pattern of INTRODUCTIONS) {
    const name = pattern.exec(expanded)?.[1];
    if (name !== undefined && !NOT_A_NAME.test(name)) return name;
  }
  return null;
};

const knownName = (known: readonly string[]): string | null => {
  // An explicit "name is" wins over "X is ...": the latter may be about a sister.
  const explicit = known.map((fact) => KNOWN[0]?.exec(fact)?.[1]).findLast((name) => name !== undefined);
  if (explicit !== undefined) return explicit;
  const subjects = new Set(
    known
      .map((fact) => KNOWN[1]?.exec(fact)?.[1])
      .filter((name) => name !== undefined && name !== 'User' && !name.startsWith('The ')),
  );
  return subjects.size === 1 ? ([...subjects][0] ?? null) : null;
};

/** What to call the user in facts: a self-introduction, else a name in known facts, else "User". */
export const speakerName = (messages: readonly Message[], known: readonly string[]): string => {
  for (const { role, content } of messages) {
    if (role !== 'user') continue;
    // An introduction stands near the start; a long paste must not be searched in full.
    const name = introducedName(content.slice(0, 2000));
    if (name !== null) return name;
  }
  return knownName(known) ?? 'User';
};

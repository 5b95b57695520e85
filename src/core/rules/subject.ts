const SAYS_NAME = /^(?:The )?[Uu]ser(?:['’]s)?(?: full| first)? name is (\p{Lu}[\p{L}'’-]*)/u;
const IS_USER = /^(?:The )?[Uu]ser(?=['’ ])/;

/** The name that one of these facts gives to the person called "User"; null if none does, or they differ. */
export function nameOfUser(facts: readonly string[]): string | null {
  const names = new Set(facts.flatMap((fact) => SAYS_NAME.exec(fact)?.[1] ?? []));
  const [only = null] = names;
  return names.size === 1 ? only : null;
}

/** Whether a fact is told of "User". */
export const isOfUser = (fact: string): boolean => IS_USER.test(fact) && !SAYS_NAME.test(fact);

/** The fact with the user's name, as facts told after the introduction have it: two facts about one person then share a subject. */
export const withName = (fact: string, name: string | null): string =>
  name !== null && isOfUser(fact) ? fact.replace(IS_USER, name) : fact;

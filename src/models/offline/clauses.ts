import { expandFirstPerson } from './third-person.js';
import { isBaseVerb, isPast } from './verbs.js';

const FIRST_PERSON = "(?:I|I['’]m|I['’]ve|I['’]ll|my|we|our)\\b";
const JOINTS = new RegExp(`\\s*(?:;|,?\\s(?:and|but|plus|so|though|although)|,)\\s+(?=${FIRST_PERSON})`, 'g');
/** Words that make the clause after them part of the one before: "when I am tired, I ..." is one condition. */
const SUBORDINATE =
  /^(?:when|while|whenever|because|since|after|before|until|once|as|though|although|where|if|unless|every time|in|on|at|for|last|during|back|this|these|with|to|by|from|despite|besides|apart)\b/i;

/** "I live in Rome and work at Acme" tells two things of one subject; "I like to cook and bake" only one. */
const predicatesOf = (clause: string): string[] => {
  const subject = /^(?:I|We) /.exec(clause)?.[0];
  const match = subject === undefined ? null : / and (?:also )?([a-z]+) (?=\S)/.exec(clause);
  if (subject === undefined || !match) return [clause];
  const [before, verb] = [clause.slice(0, match.index), match[1] ?? ''];
  const isVerb = isPast(verb) || isBaseVerb(verb);
  // After "to", "can" or a verb list the second verb may depend on the first: splitting would change what is said.
  if (
    !isVerb ||
    before.split(' ').length < 4 ||
    /\b(?:to|can|will|not|never|have|am|was|,)(?= )|n['’]t\b|,/.test(before)
  )
    return [clause];
  return [before, ...predicatesOf(`${subject}${clause.slice(match.index + ' and '.length)}`)];
};

/** The independent first-person clauses of a sentence: each becomes a fact of its own. */
export const clausesOf = (sentence: string): string[] => {
  const text = expandFirstPerson(sentence);
  if (SUBORDINATE.test(text)) return [text];
  return text
    .split(JOINTS)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '')
    .flatMap(predicatesOf);
};

interface Topic {
  topic: string;
  importance: number;
  pattern: RegExp;
}

/** First match wins, so what matters most when it is wrong (health, identity) stands above what is vaguer. */
const TOPICS: readonly Topic[] = [
  {
    topic: 'Identity',
    importance: 9,
    pattern:
      /^[\p{L}-]+(?: [\p{L}-]+)?'s (?:\w+ )?name is|\b(?:goes by|pronouns|years old|birthday|was born|nationality|citizen|last name|surname|nickname)\b/u,
  },
  {
    topic: 'Health',
    importance: 9,
    pattern:
      /\b(?:allerg\w*|diabet\w*|asthma|medication|medicine|doctor|diagnos\w*|illness|disease|surgery|injur\w*|pregnan\w*|migraines?|cancer|anxiety|depress\w*|insomnia|blood pressure|therapy|therapist|dosage|vaccin\w*|hospital|celiac|coeliac|intoleran\w*|symptoms?|broke (?:his|her|their) (?:leg|arm|wrist|ankle)|smok(?:es|ing|er)|mg)\b/,
  },
  { topic: 'Contact', importance: 8, pattern: /\b(?:e-?mail|phone|telephone|address is|@\w+\.)\b|@\w+\./ },
  {
    topic: 'Relationships',
    importance: 7,
    pattern:
      /\b(?:wife|husband|spouse|partner|girlfriend|boyfriend|fianc[eé]e?|sister|brother|siblings?|mother|father|mom|mum|dad|parents?|son|daughter|sons|daughters|children|kids?|child|baby|married|engaged|divorced|dating|single|widow(?:ed|er)?|cousin|aunt|uncle|grand(?:mother|father|parents|son|daughter)|best friend|friend|roommate|neighbou?r)\b/,
  },
  {
    topic: 'Employment',
    importance: 8,
    pattern:
      /\b(?:works? (?:at|for|as|in|with|from|on)|worked|working (?:at|for|as)|job|employ\w*|engineer|developer|manager|teacher|nurse|designer|analyst|lawyer|accountant|consultant|scientist|director|architect|founder|ceo|cto|intern|joined|promot\w*|hired|career|startup|company|boss|colleagues?|coworkers?|team lead|retired|freelanc\w*|resigned|laid off|salary|profession|occupation|office)\b/,
  },
  {
    topic: 'Finance',
    importance: 7,
    pattern:
      /[$€£]\s?\d|\b(?:salary|rent|mortgage|budget|savings?|bank|invest\w*|loan|debt|credit card|tax(?:es)?|income|pays|insurance|pension|mrr|revenue)\b/,
  },
  {
    topic: 'Education',
    importance: 6,
    pattern:
      /\b(?:stud(?:y|ies|ied|ying|ent)|university|college|degree|school|graduat\w*|course|class(?:es)?|phd|master'?s|bachelor'?s|diploma|exam|thesis|lessons?|certificat\w*|major(?:s|ed)?|learn(?:s|ed|ing))\b/,
  },
  {
    topic: 'Location',
    importance: 7,
    pattern:
      /\b(?:liv(?:es?|ed|ing) (?:in|at|near|on)|moved|relocat\w*|based in|resid\w*|hometown|grew up|(?:is|comes|are) (?:originally )?from|apartment|house|neighbou?rhood|city|address|timezone|time zone)\b/,
  },
  {
    topic: 'Subscription',
    importance: 6,
    pattern:
      /\b(?:subscri\w*|(?:free|pro|premium|basic|enterprise|starter|business|annual|monthly) (?:plan|tier)|trial|upgrad\w*|downgrad\w*|membership)\b/,
  },
  {
    topic: 'Preferences',
    importance: 6,
    pattern:
      /\b(?:prefers?|preferred|likes?|loves?|enjoys?|hates?|dislikes?|favou?rite|fan of|can't stand|cannot stand|doesn't (?:like|eat|drink)|interested in|vegetarian|vegan|pescatarian|rather)\b/,
  },
  {
    topic: 'Projects',
    importance: 6,
    pattern:
      /\b(?:project|feature|bug|release|deploy\w*|sprint|deadline|launch\w*|shipped|milestone|repo(?:sitory)?|codebase|app|website|book)\b/,
  },
  {
    topic: 'Schedule',
    importance: 5,
    pattern:
      /\b(?:meeting|appointment|schedul\w*|every (?:day|morning|evening|week|month|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|weekly|daily|mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|working hours|weekends?)\b/,
  },
  {
    topic: 'Plans',
    importance: 5,
    pattern:
      /\b(?:plans?|planning|going to|will|wants?|next (?:week|month|year|summer|spring|autumn|fall|winter)|intends?|upcoming|aims?|goal|booked|looking for|dreams?)\b/,
  },
  {
    topic: 'Community',
    importance: 5,
    pattern:
      /\b(?:volunteer\w*|charit(?:y|ies)|donat(?:es?|ed|ing|ions?)|fundrais\w*|shelter|campaign\w*|activis[mt]s?)\b/,
  },
  {
    topic: 'Travel',
    importance: 5,
    pattern:
      /\b(?:trips?|travel\w*|vacations?|holidays?|flights?|hotels?|abroad|passport|itinerary|visit(?:s|ed|ing)|camping|hik(?:es?|ed|ing)|road-?trip|cruise|tours?)\b/,
  },
  {
    topic: 'Events',
    importance: 5,
    pattern:
      /\b(?:wedding|part(?:y|ies)|concerts?|festivals?|tournaments?|competitions?|ceremon(?:y|ies)|parade|races?|marathon|conference|exhibition|workshops?|auditions?|parties|match(?:es)?)\b/,
  },
  {
    topic: 'Possessions',
    importance: 5,
    pattern:
      /\b(?:owns?|car|bicycle|bike|laptop|phone|iphone|macbook|tesla|bought|sold|dogs?|cats?|puppy|kitten|pets?|motorcycle|guitar|piano|has a|has an|has two|has three)\b/,
  },
  {
    topic: 'Tools',
    importance: 5,
    pattern: /\b(?:uses?|using|switched|migrated|install\w*|editor|database|language)\b/,
  },
  {
    topic: 'Hobbies',
    importance: 4,
    pattern:
      /\b(?:hobb(?:y|ies)|paint\w*|draw(?:s|ing|ings)|potter(?:y|s)|photograph\w*|music|songs?|guitar|piano|violin|danc(?:es?|ed|ing|ers?)|gam(?:es?|ing|er)|garden\w*|knit\w*|reading|books?|novels?|movies?|films?|writ(?:es|ing)|scripts?|screenplays?|cook(?:s|ed|ing)|bak(?:es?|ed|ing)|recipes?|fishing|chess|surf\w*|climbing|basketball|football|soccer|tennis|skating)\b/,
  },
  {
    topic: 'Habits',
    importance: 4,
    pattern:
      /\b(?:usually|always|often|never|runs|swims|exercises|plays|walks|drinks|eats|cooks|reads|wakes|meditates|commutes|regularly|gym|yoga)\b/,
  },
];

/** The heading a fact is filed under, and how much it matters from 1 to 10. */
export const topicOf = (fact: string): { topic: string; importance: number } => {
  const text = fact.replaceAll('’', "'").toLowerCase();
  const found = TOPICS.find(({ pattern }) => pattern.test(text));
  return found ? { topic: found.topic, importance: found.importance } : { topic: 'General', importance: 3 };
};

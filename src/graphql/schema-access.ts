import { GraphQLError, validate, type ASTVisitor, type ValidationContext } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Caller } from '../core/deps.js';
import { STATUS } from '../errors.js';

/** The scope of a key that may read the schema where others may not. */
const SCOPE = 'schema:read';
const META_FIELDS = new Set(['__schema', '__type']);

/**
 * Keeps the schema from those who may not read it: neither introspection nor a "Did you mean", which would tell it name by
 * name. `isOpen`: every key may. Held on sockets as over HTTP, as the plugins of Yoga are.
 */
export const schemaAccess = (isOpen: boolean): Plugin<{ caller?: Caller }> => ({
  onValidate: ({ context, addValidationRule, setValidationFn }) => {
    if (isOpen || mayRead(context.caller)) return;
    // The rule's name is part of what validation is cached by: nobody is given what was found for those who may.
    addValidationRule(NoIntrospection);
    setValidationFn(withoutSuggestions);
  },
});

const mayRead = (caller: Caller | undefined): boolean =>
  (caller as { scopes?: ReadonlySet<string> } | undefined)?.scopes?.has(SCOPE) ?? false;

/** By its name validation is cached. */
function NoIntrospection(context: ValidationContext): ASTVisitor {
  return {
    Field: (node) => {
      if (META_FIELDS.has(node.name.value)) context.reportError(new GraphQLError(MESSAGE, { nodes: node, extensions }));
    },
  };
}

const MESSAGE = `Introspection is off for this API key: it needs the scope ${SCOPE}.`;
/** `spec`: as any other document that does not validate, 200 for those who take nothing but application/json. */
const extensions = { code: 'FORBIDDEN', http: { status: STATUS.FORBIDDEN, spec: true } };

const withoutSuggestions = (...[schema, document, rules]: Parameters<typeof validate>): ReturnType<typeof validate> =>
  validate(schema, document, rules, { hideSuggestions: true });

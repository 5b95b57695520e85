import { getSettings, updateSettings } from '../../core/settings.js';
import { builder } from '../builder.js';

const Settings = builder.prismaObject('Settings', {
  description: 'What one API key decides about its writes and reads.',
  fields: (t) => ({
    autoSupersedeDefault: t.exposeBoolean('autoSupersedeDefault', {
      description: 'Whether a write closes the facts it replaces, where the request does not say.',
    }),
    excludedCategories: t.exposeStringList('excludedCategories', {
      description: 'Categories that never reach the classifier and are never superseded by it.',
    }),
    minConfidence: t.exposeFloat('minConfidence', {
      description: 'The classifier must be at least this sure, 0 to 1, to supersede.',
    }),
    classifierModel: t.exposeString('classifierModel', { description: 'Anthropic model id of the classifier.' }),
    freshnessHalfLifeDays: t.exposeFloat('freshnessHalfLifeDays', {
      description: 'Days in which freshness halves, 1 to 3650.',
    }),
  }),
});

const UpdateSettingsInput = builder.inputType('UpdateSettingsInput', {
  description: 'The settings to change; what is left out stays.',
  fields: (t) => ({
    autoSupersedeDefault: t.boolean({ description: 'As in Settings.' }),
    excludedCategories: t.stringList({ description: 'Replaces the whole list; [] allows all.' }),
    minConfidence: t.float({ description: '0 to 1.' }),
    classifierModel: t.string({ description: 'An Anthropic model id.' }),
    freshnessHalfLifeDays: t.float({ description: '1 to 3650.' }),
  }),
});

builder.queryFields((t) => ({
  settings: t.field({
    type: Settings,
    description: "The API key's settings.",
    resolve: (_root, _args, { deps, caller }) => getSettings(deps, caller),
  }),
}));

builder.mutationFields((t) => ({
  updateSettings: t.field({
    type: Settings,
    description: 'Changes settings of the API key and gives them all. Errors: INVALID_INPUT.',
    args: { input: t.arg({ type: UpdateSettingsInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, { deps, caller }) => updateSettings(deps, caller, input),
  }),
}));

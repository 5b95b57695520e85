import { builder } from './builder.js';
import { refuseBlocked } from './open-when-blocked.js';
import { guardReads } from './read-guard.js';
import './types/api-keys.js';
import './types/change-api-keys.js';
import './types/set-plan.js';
import './types/add-memories.js';
import './types/answer.js';
import './types/answer-feed.js';
import './types/answer-stream.js';
import './types/changes.js';
import './types/delete-memories.js';
import './types/embedding-status.js';
import './types/event-feed.js';
import './types/import.js';
import './types/memories.js';
import './types/plan-status.js';
import './types/review-supersession.js';
import './types/search.js';
import './types/settings.js';
import './types/supersede-memory.js';

import './types/supersession-proposal.js';
import './types/timeline.js';
import './types/webhook.js';
import './types/change-webhooks.js';

export const schema = refuseBlocked(guardReads(builder.toSchema({ sortSchema: false })));

import { describe, expect, it } from 'vitest';
import { idPlaces, idRoutes } from '../support/places-of-ids.js';
import { underAttack } from '../support/under-attack.js';
import { ACCESS } from './rows/access.js';

describe('what is not the caller’s', () => {
  underAttack(ACCESS);

  it('is asked for in every place that takes an id', () => {
    expect(idPlaces().length).toBeGreaterThanOrEqual(14);
    expect(idRoutes().length).toBeGreaterThanOrEqual(7);
  });
});

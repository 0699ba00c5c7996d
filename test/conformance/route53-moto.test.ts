import { describe, test } from 'vitest';
import { motoWorld, whyNoMoto } from '../lab/moto.ts';
import type { Lacks } from './route53-abilities.ts';
import { route53Suite } from './route53-suite.ts';

/**
 * CREATE of what was created once is refused although the same batch deletes it before; what does not fit is refused by
 * other codes, or taken; every change id is known; a second request of one reference makes a second check.
 */
const lacks: Lacks = new Map([
  ['way-back', /InvalidChangeBatch: .* but it already exists/],
  ['create-again', /InvalidChangeBatch: .* but it already exists/],
  ['judging', /expected \{ kind: 'refused', .* to match object/],
  ['unknown-changes', /expected \{ kind: 'ok', .* to match object \{ kind: 'refused'/],
  ['test-answer', /"code":404/],
  ['check-references', /to deeply equal \{ …\(12\) \}/],
]);

const missing = whyNoMoto();
if (missing === undefined) route53Suite('Route 53 as moto has it', motoWorld, lacks);
else {
  console.error(`Route 53 of moto was not asked: ${missing}`);
  describe('Route 53 as moto has it', () => {
    test('is not here', ({ skip }) => skip(missing));
  });
}

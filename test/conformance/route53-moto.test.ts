import { describe, test } from 'vitest';
import { motoWorld, whyNoMoto } from '../lab/moto.ts';
import { route53Suite } from './route53-suite.ts';

const missing = whyNoMoto();
if (missing === undefined)
  route53Suite(
    motoWorld,
    new Set([
      'judging',
      'way-back',
      'changes',
      'test-answer',
      'check-regions',
      'check-references',
      'check-votes',
    ]),
  );
else {
  console.error(`Route 53 of moto was not asked: ${missing}`);
  describe('Route 53 as moto has it', () => {
    test('is not here', ({ skip }) => skip(missing));
  });
}

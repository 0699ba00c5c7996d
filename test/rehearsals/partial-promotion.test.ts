import { expect, test } from 'vitest';
import { emergencySheet } from '../../shared/audit/sheet.ts';
import { sheetText } from '../../shared/audit/sheet-text.ts';
import { stepsToTryAgain } from '../../shared/steps/again.ts';
import { promotedApart, whyNotReversible } from '../../shared/steps/reversible.ts';
import type { Run } from '../../shared/steps/run.ts';
import { drive, referencePlan, rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

const plan = { ...referencePlan(), onPartialPromotion: 'reverse-all' as const };

/** A night on which the target of content refuses to open, so many times. */
async function apart(times: number): Promise<Rehearsed & { readonly run: Run }> {
  const night = await rehearse({
    plan,
    faults: [
      {
        when: { step: 'last-look', state: 'running' },
        fault: {
          kind: 'reply',
          on: 'content-t1',
          operation: 'promote',
          way: 'error',
          code: 1227,
          ms: 0,
          times,
        },
      },
    ],
  });
  if (night.run === null) throw new Error('no run');
  return { ...night, run: night.run };
}

const openOn = ({ simulator }: Rehearsed, id: string): boolean =>
  simulator.world.servers.get(id)?.readOnly === false;

test('one chain is promoted and the other is not: it is not reversed in part, and screen and sheet say what to do', async () => {
  const night = await apart(9);
  const { run } = night;
  expect(run.outcome).toBe('needs-operator');
  expect(promotedApart(run, plan)).toEqual({
    promoted: ['orders'],
    back: [],
    closed: ['content'],
    stuck: ['content'],
  });
  const why = whyNotReversible(run, plan) ?? '';
  expect(why).toContain('the target of content was not seen to take writes, while that of orders does');
  expect(why).toContain('a run is turned round with all its chains or not at all');
  expect(why).toContain('mend what promote:content says and press Retry');
  expect(why).toContain('when and how content goes back to its source by hand');
  const sheet = emergencySheet(run, plan);
  const part = sheet.sections.find(({ title }) => title.startsWith('content: only if its target can NEVER'));
  expect(part?.text.join('\n')).toMatch(/On content-t1: .*\nOn content-a1: /);
  expect(part?.text.join('\n')).toMatch(/read_only = IF\(/);
  // Whoever pastes line after line comes past it.
  expect(part?.lines).toEqual([]);
  expect(sheet.never.join(' ')).toContain('The one exception');
  expect(sheet.sections.some(({ title }) => title.startsWith('orders: only if'))).toBe(false);
  expect(sheetText(sheet)).not.toMatch(/^\s*(On content|mysql .*content-a1.*read_only = IF)/m);
  // I1 and I4: the source of each chain stays closed, whatever was refused.
  for (const id of ['orders-a1', 'orders-b1', 'content-a1', 'content-b1'])
    expect(openOn(night, id)).toBe(false);
}, 120_000);

test('one press finishes it once the target can be opened, and then it can be reversed', async () => {
  const night = await apart(1);
  expect(stepsToTryAgain(night.run, plan).map(({ step }) => step)).toEqual(['promote:content']);
  const active = night.cockpit.night();
  const pressed = active?.retry({ step: 'promote:content', who: 'Dana' });
  await drive(night.simulator, pressed ?? Promise.reject(new Error('no night')), 60_000);
  const { clock } = night.simulator;
  await clock.run(() => active?.run()?.outcome !== null, clock.nowMs() + 200_000);
  const run = active?.run() ?? null;
  if (run === null) throw new Error('no run');
  expect(run.outcome).toBe('done');
  expect(whyNotReversible(run, plan)).toBeNull();
  expect(emergencySheet(run, plan).never.join(' ')).not.toContain('The one exception');
}, 120_000);

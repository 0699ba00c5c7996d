import { expect, test } from 'vitest';
import type { Fault } from '../../shared/plan/scenario.ts';
import { outcomeText } from '../../main/api/run-view.ts';
import { brokenRules, notRestored } from '../helpers/broken-rules.ts';
import { randomNight } from '../helpers/random-night.ts';
import { rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

/** NIGHT_SEED=n replays one night; NIGHT_SEEDS=n tries the first n instead of the usual few. */
const one = process.env['NIGHT_SEED'];
const count = Number(process.env['NIGHT_SEEDS'] ?? 40);
const seeds = one === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(one)];

/** What a night before the point of no return must find again, but for what the fault itself changed. */
function leftBehind(night: Rehearsed, fault: Fault): readonly string[] {
  const broken = night.cockpit.troubles().map(({ text }) => text);
  const { run, simulator } = night;
  if (run === null || run.ponrAt !== null || run.outcome === null) return broken;
  const gone = fault.kind === 'host-unreachable';
  // Every server of these nights is back within the undo's budget, so that nobody has to come.
  if (run.outcome === 'needs-operator' && !gone)
    return [...broken, `I3: a person is needed: ${run.steps['unwind']?.text ?? ''}`];
  const changed = [...simulator.world.servers.keys()].filter(
    (id) => 'on' in fault && fault.on === id && ['applier-stopped', 'server-killed'].includes(fault.kind),
  );
  return gone ? broken : [...broken, ...notRestored(night, changed)];
}

test(`${seeds.length} random nights, each with one fault, break no rule`, { timeout: 600_000 }, async () => {
  const broken: string[] = [];
  const ended = new Map<string, number>();
  let happened = 0;
  for (const seed of seeds) {
    const { plan, fault } = randomNight(seed);
    const night = await rehearse({ plan, seed, faults: [fault] });
    const outcome =
      night.blocks.length > 0 || night.refused !== null ? 'not-started' : (night.run?.outcome ?? 'none');
    ended.set(outcome, (ended.get(outcome) ?? 0) + 1);
    if (night.simulator.happened.length > 0) happened += 1;
    const rules = [...brokenRules(night), ...leftBehind(night, fault.fault)];
    if (rules.length === 0 && one === undefined) continue;
    console.log(
      `NIGHT_SEED=${seed} npx vitest run test/rehearsals/random-nights.test.ts  # ${outcome}; ${JSON.stringify(fault)}; ${rules.join('; ')}${one === undefined ? '' : `\n${night.run === null ? night.blocks.join('\n') : (outcomeText(night.run) ?? '')}`}`,
    );
    if (rules.length > 0) broken.push(`seed ${seed}: ${rules.join('; ')}`);
  }
  console.log(
    `${[...ended].map(([outcome, nights]) => `${nights} ${outcome}`).join(', ')}; the fault happened in ${happened}`,
  );
  expect(broken).toEqual([]);
});

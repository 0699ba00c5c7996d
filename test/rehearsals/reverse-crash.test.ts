import { describe, expect, test } from 'vitest';
import { foldRun } from '../../shared/audit/fold.ts';
import { startCockpit } from '../../main/engine/cockpit.ts';
import { readReversible } from '../../main/engine/reverse.ts';
import { missingAcknowledged } from '../../main/simulator/truth.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { dyingAt, mortal } from '../helpers/crash.ts';
import { drive, endOf, memoryJournal } from '../helpers/rehearsal.ts';
import { thereAndBack } from '../helpers/reversed-night.ts';

/** Every n-th record in the ordinary suite; at night all of them, on both edges. */
const every = process.env['NIGHT'] === undefined ? 40 : 1;

type Flavor = 'mariadb' | 'mysql';
type Crash = { readonly record: number; readonly edge: 'before' | 'after'; readonly noticed: boolean };

/** A night that is turned round by a cockpit that dies, and what is wrong once another one has taken the way back up. */
async function crashedBack(
  flavor: Flavor,
  crash: Crash,
): Promise<{ readonly outcome: string; readonly wrong: readonly string[] }> {
  const journal = memoryJournal();
  const place: { simulator: Simulator | null } = { simulator: null };
  const life = mortal(() => {
    if (place.simulator === null) throw new Error('There is no world yet.');
    return place.simulator;
  }, crash.noticed);
  const first = await thereAndBack({
    forth: { flavor },
    journal: dyingAt(journal, crash, life.die),
    ports: (ports, simulator) => {
      place.simulator = simulator;
      return life.ports(ports);
    },
    until: (_run, measured) => life.isDead() || measured !== null,
  });
  const { simulator, parts, forthJournal } = first;
  if (!life.isDead()) return { outcome: 'none', wrong: ['the cockpit did not die'] };
  await simulator.clock.run(simulator.clock.nowMs() + 5_000);
  const second = startCockpit({ ...parts, ports: simulator.portsFor(parts.plan) });
  const resumed = await drive(simulator, second.resume('Dana', { journal }), 60_000);
  if (!resumed.ok) return { outcome: 'refused', wrong: [resumed.error] };
  const { night } = resumed.value;
  await simulator.clock.run(() => night.measured() !== null, simulator.clock.nowMs() + 200_000);
  const run = night.run();
  const { violations, writable } = endOf(simulator);
  await drive(simulator, second.stop(), 60_000);
  simulator.world.actors.length = 0;
  await simulator.clock.run(simulator.clock.nowMs() + 8_000);
  const back = foldRun(journal.read());
  const forth = foldRun(forthJournal.read());
  if (!back.ok || !forth.ok) throw new Error('a journal that cannot be folded');
  const passed = back.value.run.ponrAt !== null;
  const outcome = run?.outcome ?? 'none';
  const wrong: string[] = [];
  if (!(passed ? ['done'] : ['thawed', 'not-started']).includes(outcome))
    wrong.push(
      `ended ${outcome}: ${JSON.stringify(Object.values(run?.steps ?? {}).filter(({ state }) => state === 'failed'))}`,
    );
  if (violations.length > 0) wrong.push(`two writable sides: ${JSON.stringify(violations[0])}`);
  const open = Object.values(writable).flat();
  if (open.length === 0 || open.some((id) => id.includes('-t') === passed))
    wrong.push(`${open.join(', ')} take writes`);
  const told = forth.value.run;
  if (told.reversing !== null || told.outcome !== (passed ? 'reversed' : 'done'))
    wrong.push(`the way forth is ${told.outcome}, reversing ${JSON.stringify(told.reversing)}`);
  if (readReversible(forthJournal).ok === passed)
    wrong.push(`it can ${passed ? 'still' : 'not'} be reversed`);
  for (const { servers } of simulator.world.chains.values())
    for (const server of servers) {
      const missing = missingAcknowledged(server);
      if (missing > 0) wrong.push(`${server.id} lacks ${missing} acknowledged writes`);
      if (server.duplicates > 0) wrong.push(`${server.id} applied ${server.duplicates} writes twice`);
    }
  return { outcome, wrong };
}

describe.each(['mariadb', 'mysql'] as const)('the cockpit of the way back dies, with %s', (flavor) => {
  test('before and after records from the first to the last: another one takes it back or ends it, and the way forth hears it', async () => {
    const quiet = await thereAndBack({ forth: { flavor } });
    const records = quiet.journal.read();
    const last = records.findLastIndex(({ payload }) => payload.kind === 'event') + 1;
    const point =
      records.find(({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn)?.seq ?? 0;
    const places = new Set([2, 3, point, point + 1, point + 2]);
    for (let record = 4; record <= last; record += every) places.add(record);
    // Where one effect on a link is on its way and nobody knows whether it arrived.
    const intended = (operation: string): readonly number[] =>
      records.flatMap(({ seq, payload }) =>
        payload.kind === 'event' &&
        payload.intended.some(({ action }) => action.kind === 'mysql' && action.operation === operation)
          ? [seq]
          : [],
      );
    const starts = intended('startLink');
    for (const record of starts) places.add(record);
    const broken: string[] = [];
    const outcomes = new Set<string>();
    for (const [index, record] of [...places].toSorted((one, other) => one - other).entries()) {
      const one = starts.includes(record) || index % 2 === 1 ? 'after' : 'before';
      const edges: readonly Crash['edge'][] = every === 1 ? ['before', 'after'] : [one];
      for (const edge of edges) {
        const crash: Crash = { record, edge, noticed: index % 3 !== 0 };
        const { outcome, wrong } = await crashedBack(flavor, crash);
        outcomes.add(outcome);
        broken.push(...wrong.map((each) => `${edge} record ${record}: ${each}`));
      }
    }
    expect(broken).toEqual([]);
    expect([...outcomes].toSorted()).toEqual(['done', 'not-started', 'thawed']);
  }, 3_600_000);
});

import { expect, test } from 'vitest';
import { emergencySheet } from '../../shared/audit/sheet.ts';
import { decide, emptyRun } from '../../shared/steps/decide.ts';
import type { Run } from '../../shared/steps/run.ts';
import { thereAndBack, type WayBack } from '../helpers/reversed-night.ts';

/** The run of the way back as it was when each of these changes was recorded. */
function runsAt({ journal, parts }: WayBack, changes: readonly string[]): readonly Run[] {
  const [first, ...rest] = journal.read();
  if (first?.payload.kind !== 'run') throw new Error('no head');
  let run = emptyRun(first.payload.runId, parts.plan, first.at);
  const found: Run[] = [];
  for (const { at, payload } of rest) {
    if (payload.kind !== 'event') continue;
    run = decide(run, parts.plan, { moment: at, event: payload.event }).run;
    if (payload.changed.some((change) => changes.includes(change))) found.push(run);
  }
  return found;
}

test.each([
  ['mariadb', /event_scheduler = ON/],
  ['mysql', /RESET PERSIST IF EXISTS super_read_only/],
] as const)(
  'on the way back, on %s, the sheet sets back what the fence of the way forth left, until that is done',
  async (flavor, opens) => {
    const back = await thereAndBack({ forth: { flavor } });
    expect(back.run?.outcome, back.refused ?? back.blocks.join('; ')).toBe('done');
    const [promoted, restored] = runsAt(back, ['promote:orders done', 'restore:orders done']);
    if (promoted === undefined || restored === undefined) throw new Error('it was not promoted');
    const part = (run: Run) =>
      emergencySheet(run, back.parts.plan).sections.find(({ title }) => /^orders: set back/.test(title));
    const lines = part(promoted)?.lines ?? [];
    const commands = lines.map(({ command }) => command).join('\n');
    expect(commands).toMatch(opens);
    const restore = back.parts.plan.chains[0]?.target.restore;
    for (const node of restore?.eventSchedulers ?? [])
      expect(
        lines.some(({ where, command }) => where === node && /event_scheduler = ON/.test(command)),
        node,
      ).toBe(true);
    if (restore?.ring !== undefined) {
      const starts = lines.filter(({ command }) => /START (SLAVE|REPLICA)/.test(command));
      expect(starts.map(({ where }) => where)).toEqual([restore.ring.instance]);
      // Nothing is sent to a ring that runs already.
      expect(starts.every(({ onlyOtherwise }) => onlyOtherwise)).toBe(true);
      if (flavor === 'mariadb') expect(starts[0]?.command).toContain('gtid_slave_pos');
    }
    expect(part(restored)).toBeUndefined();
  },
  120_000,
);

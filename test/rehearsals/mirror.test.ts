import { describe, expect, test } from 'vitest';
import { verifyJournal } from '../../shared/audit/verify.ts';
import { present } from '../../shared/lib/assert.ts';
import type { HostWorld } from '../../main/simulator/world.ts';
import { drive, referencePlan, rehearse, type Rehearsed } from '../helpers/rehearsal.ts';
import { journalText } from '../../main/engine/mirror-read.ts';

const host = 'use1-jump';
const file = '/var/lib/cutover/rehearsal-01.jsonl';
const epoch = '/var/lib/cutover/rehearsal-01.epoch';

function mirrorHost({ simulator }: { readonly simulator: Pick<Rehearsed['simulator'], 'world'> }): HostWorld {
  const found = simulator.world.hosts.get(host);
  if (found === undefined) throw new Error(`no host ${host}`);
  return found;
}

const pastPoint = (text: string): boolean => text.includes('"pointOfNoReturn":true');

describe("the journal's mirror", () => {
  test.each(['mariadb', 'mysql'] as const)(
    'is a whole journal, on %s, and has the point before any promotion',
    async (flavor) => {
      let atPromote: boolean | null = null;
      const night = await rehearse({
        flavor,
        armed: (simulator) =>
          simulator.world.onOperation.push(({ edge, operation }) => {
            if (edge === 'before' && operation === 'promote')
              atPromote ??= pastPoint(mirrorHost({ simulator }).files.get(file) ?? '');
          }),
      });
      expect(night.run?.outcome).toBe('done');
      expect(atPromote).toBe(true);
      expect(night.run?.steps['mirror']).toMatchObject({
        state: 'done',
        text: expect.stringContaining(host),
      });
      await drive(night.simulator, night.cockpit.stop(), 10_000);
      const text = mirrorHost(night).files.get(file) ?? '';
      expect(verifyJournal(text)).toMatchObject({ ok: true, value: { torn: null } });
      expect(text).toBe(journalText(night.records));
    },
  );

  test('of a run that was thawed is there to its end, and its epoch is not', async () => {
    const night = await rehearse({
      operator: (run, post) => {
        if (run.steps['fence:orders']?.state === 'running' && run.abortAskedAt === null)
          post({ kind: 'abort-asked', who: 'Dana', reason: '' });
      },
    });
    expect(night.run?.outcome).toBe('thawed');
    await drive(night.simulator, night.cockpit.disarm(), 10_000);
    expect(mirrorHost(night).files.get(file)).toBe(journalText(night.records));
    const files = [...night.simulator.world.hosts.values()].flatMap(({ files: each }) => [...each.keys()]);
    expect(files.filter((path) => path.includes('epoch'))).toEqual([]);
  });

  test('that goes away in the minute costs the passage no more than its share, and is said to be lost', async () => {
    const night = await rehearse({
      armed: (simulator) =>
        simulator.world.onOperation.push(({ operation }) => {
          if (operation === 'fence') mirrorHost({ simulator }).reachable = false;
        }),
    });
    expect(night.run?.outcome, night.run?.abortReason ?? '').toBe('done');
    const step = night.run?.steps['mirror'];
    expect(step?.text).toMatch(/^Lost in the passage/);
    const waited = (step?.endedAt?.monoMs ?? Infinity) - (step?.startedAt?.monoMs ?? 0);
    expect(waited).toBeLessThanOrEqual(night.cockpit.parts.plan.limits.passageMs / 2 + 1);
    expect(night.violations).toEqual([]);
  });

  test('that is gone before the passage is declared lost there, and then nothing waits for it', async () => {
    const plan = referencePlan();
    const night = await rehearse({
      plan: { ...plan, holds: [...plan.holds, { ...present(plan.holds[0], 'a hold'), before: 'fence' }] },
      armed: ({ world }) => void (mirrorHost({ simulator: { world } }).reachable = false),
      operator: (run, post) => {
        if (run.heldAt === 'fence' && run.mirror?.lost !== null)
          post({ kind: 'released', hold: 'fence', who: 'Dana' });
      },
    });
    expect(night.run?.outcome, night.run?.abortReason ?? '').toBe('done');
    expect(night.run?.mirror?.lost).toContain(host);
    expect(night.run?.steps['mirror']).toMatchObject({
      text: expect.stringMatching(/declared lost/),
      endedAt: night.run?.ponrAt,
    });
    const told = night.cockpit.troubles().map(({ text }) => text);
    expect(told.filter((text) => text.includes('mirror is lost'))).toHaveLength(1);
  });

  test('with a torn last record is mended by what the journal holds', async () => {
    const night = await rehearse({
      armed: (simulator) => {
        const { files } = mirrorHost({ simulator });
        let cut = false;
        simulator.world.onOperation.push(({ operation }) => {
          const text = files.get(file);
          if (cut || operation !== 'fence' || text === undefined) return;
          cut = true;
          files.set(file, text.slice(0, -40));
        });
      },
    });
    expect(night.run?.outcome).toBe('done');
    expect(night.run?.mirror?.lost).toBeNull();
    await drive(night.simulator, night.cockpit.stop(), 10_000);
    expect(mirrorHost(night).files.get(file)).toBe(journalText(night.records));
  });

  test('whose file is another run stops the mirror, not the run, and stays as it is', async () => {
    const night = await rehearse({
      armed: (simulator) => mirrorHost({ simulator }).files.set(file, 'somebody else wrote this\n'),
    });
    expect(night.run?.outcome).toBe('done');
    expect(night.run?.mirror?.lost).toContain('another journal');
    expect(mirrorHost(night).files.get(file)).toBe('somebody else wrote this\n');
    expect(mirrorHost(night).files.has(epoch)).toBe(true);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseScenario, type Scenario } from '../../shared/plan/scenario.ts';
import { outcomeText } from '../../main/api/run-view.ts';
import { brokenRules } from '../helpers/broken-rules.ts';
import { drive, rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

const folder = join(import.meta.dirname, '../../resources/scenarios');

function read(file: string): Scenario {
  const parsed = parseScenario(readFileSync(join(folder, file), 'utf8'), file);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const cards = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => (['mariadb', 'mysql'] as const).map((flavor) => ({ file, flavor })));

/** What the engineer reads when the night did not end as planned. */
function toldTo({ blocks, run }: Rehearsed): string {
  return blocks.length > 0 ? blocks.join('\n') : run === null ? '' : (outcomeText(run) ?? '');
}

describe('every rehearsal card over the reference plan', () => {
  test.each(cards)('$file on $flavor ends as the card says, and breaks no rule', async ({ file, flavor }) => {
    const card = read(file);
    const night = await rehearse({ faults: card.faults, flavor });
    expect([night.blocks.length > 0 ? 'not-started' : night.run?.outcome, toldTo(night)]).toEqual([
      card.expect,
      expect.stringMatching(/\w+ .*\w+/s),
    ]);
    expect(night.simulator.happened).toHaveLength(card.faults.length);
    expect(brokenRules(night)).toEqual([]);
    if (card.expect === 'done') return;
    // A sentence names a place of the plan and says what was seen; nothing of the program's own shows through.
    expect(toldTo(night)).not.toMatch(/undefined|\[object|null\b|NaN|Error:/);
    expect(toldTo(night)).toMatch(/(orders|content|app|colo|use1)-\w+|[Zz]one shop/);
    if (process.env['COCKPIT_TELL'] === '1') console.log(`${file} ${flavor}: ${toldTo(night)}`);
  });
});

test.each(['mariadb', 'mysql'] as const)(
  'a killed %s source that was thawed by the one session that came back keeps no lock of a run that is over',
  async (flavor) => {
    const night = await rehearse({ faults: read('source-killed.yaml').faults, flavor });
    expect(night.run?.outcome).toBe('thawed');
    // Its own sessions are closed with the run; whoever watches stays.
    await drive(night.simulator, night.cockpit.disarm(), 60_000);
    await night.simulator.clock.run(night.simulator.clock.nowMs() + 1_000);
    const held = [...night.simulator.world.servers.values()].filter(({ lockHolder }) => lockHolder !== null);
    expect(held.map(({ id }) => id)).toEqual([]);
  },
);

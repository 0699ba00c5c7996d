import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { present } from '../../shared/lib/assert.ts';
import type { FixtureWorld } from './fixture-world.ts';
import { makeGround } from './ground.ts';
import { accountTests } from './suite-accounts.ts';
import { blockerTests } from './suite-blockers.ts';
import { fenceTests } from './suite-fence.ts';
import { linkTests } from './suite-links.ts';
import { lookTests } from './suite-look.ts';
import { sessionTests } from './suite-session.ts';

type Made = { readonly world: FixtureWorld; readonly end: () => Promise<void> };

/** What every MySQL port must do, written once: the simulator and each real server are held to the same tests. */
export function mysqlSuite(name: string, make: () => Promise<Made>): void {
  describe(name, () => {
    let made: Made | undefined;
    const world = (): FixtureWorld => present(made?.world, 'the world of the suite');
    const ground = makeGround(world);

    beforeAll(async () => {
      made = await make();
      await ground.value(await ground.open(world().source), 'prepareSchema', {});
      await ground.closeAll();
    });
    // A test that failed half-way must not fail the others: locks go with their sessions, and the source opens.
    afterEach(async () => {
      await ground.closeAll();
      const act = await ground.open(world().source);
      if ((await ground.facts(act)).readOnly) await ground.thawed(act);
    });
    afterAll(async () => {
      if (made !== undefined) await ground.closeAll();
      await made?.end();
    });

    sessionTests(ground);
    lookTests(ground);
    fenceTests(ground);
    blockerTests(ground);
    accountTests(ground);
    linkTests(ground);
  });
}

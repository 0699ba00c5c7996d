import { expect, test } from 'vitest';
import type { Ground } from './ground.ts';

/** Accounts that would pass the fence: the census, and locks that stay on one server. */
export function accountTests(ground: Ground): void {
  const { open, ask, value } = ground;
  const account = "'app'@'%'";

  test('an account is locked and unlocked on this server alone: the census says so, and the log does not move', async () => {
    const act = await open(ground.world().source);
    const survey = await open(ground.world().source, 'survey');
    const locked = async (): Promise<boolean | undefined> =>
      (await value(survey, 'accounts', {})).accounts.find((one) => one.account === account)?.locked;
    expect(await locked()).toBe(false);
    const before = await value(act, 'position', {});
    await value(act, 'lockAccounts', { accounts: [account], locked: true });
    expect(await locked()).toBe(true);
    await value(act, 'lockAccounts', { accounts: [account], locked: false });
    expect(await locked()).toBe(false);
    expect(await value(act, 'position', {})).toEqual(before);
  });

  test('an account that is not there refuses the whole, and the session logs again', async () => {
    const act = await open(ground.world().source);
    const accounts = ["'nobody'@'%'"];
    expect(await ask(act, 'lockAccounts', { accounts, locked: true })).toMatchObject({
      kind: 'refused',
      code: 1396,
    });
    const before = await value(act, 'position', {});
    await value(act, 'prepareSchema', {});
    expect(await value(act, 'position', {})).not.toEqual(before);
  });

  test('behind the fence MySQL refuses it (1290): accounts are locked before it, and unlocked after the thaw', async () => {
    const act = await open(ground.world().source);
    await value(act, 'takeLock', {});
    await value(act, 'fence', { lockWaitSeconds: 2 });
    const answer = await ask(act, 'lockAccounts', { accounts: [account], locked: false });
    if (ground.world().flavor === 'mysql') expect(answer).toMatchObject({ kind: 'refused', code: 1290 });
    else expect(answer).toMatchObject({ kind: 'ok' });
    await value(act, 'thaw', { lockHolders: [] });
    await value(act, 'lockAccounts', { accounts: [account], locked: false });
    await value(act, 'releaseLock', {});
  });
}

import { afterEach, describe, expect, test } from 'vitest';
import { startInDouble } from '../helpers/electron-double/drive.ts';
import type { Started } from '../helpers/electron-double/drive.ts';
import { browserPresent } from './browser.ts';
import { ask, planWithHold, runToFence, viewOf } from './electron-bridge.ts';

const awake = [{ kind: 'prevent-display-sleep', on: true }];

describe.runIf(browserPresent)('leaving the Electron window in the middle of a run', () => {
  let cockpit: Started;
  afterEach(() => cockpit.end());

  test('before the point of no return it is asked once and means Abort; the result is shown, then it closes', async () => {
    cockpit = await startInDouble(planWithHold());
    await runToFence(cockpit.page);
    expect((await cockpit.state()).blockers).toEqual(awake);

    await cockpit.order({ kind: 'close-window' });
    await cockpit.order({ kind: 'close-window' });
    expect((await cockpit.state()).dialogs).toMatchObject([
      {
        response: null,
        options: { message: 'Abort the run?', buttons: ['Stay', 'Abort and thaw'], cancelId: 0 },
      },
    ]);
    await cockpit.order({ kind: 'answer-dialog', index: 0, response: 0 });
    expect((await viewOf(cockpit.page)).run).toMatchObject({ heldAt: 'fence', outcome: null });

    await cockpit.order({ kind: 'close-window' });
    await cockpit.order({ kind: 'answer-dialog', index: 1, response: 1 });
    await expect
      .poll(async () => (await viewOf(cockpit.page)).run, { timeout: 30_000 })
      .toMatchObject({ phase: 'ended', outcome: 'thawed' });
    const shown = async () => ({
      text: (await viewOf(cockpit.page)).report?.text,
      heading: await cockpit.page.evaluate(() => document.querySelector('main h1')?.textContent),
    });
    await expect
      .poll(async () => {
        const { text, heading } = await shown();
        return text !== undefined && heading === text;
      })
      .toBe(true);
    const { blockers, dialogs } = await cockpit.state();
    expect(blockers).toEqual([{ kind: 'prevent-display-sleep', on: false }]);
    expect(dialogs.length).toBe(2);
    expect(await cockpit.ended).toBe(0);
  });

  test('after it, it is refused with the reason until Close; so is a signal', async () => {
    cockpit = await startInDouble(planWithHold());
    const permit = await runToFence(cockpit.page);
    expect(await ask(cockpit.page, 'release', { hold: 'fence', permit, who: 'dana' })).toMatchObject({
      ok: true,
    });
    await expect
      .poll(async () => (await viewOf(cockpit.page)).run?.phase, { timeout: 60_000 })
      .toBe('watching');

    await cockpit.order({ kind: 'close-window' });
    expect((await cockpit.state()).dialogs).toMatchObject([
      {
        options: {
          message: 'The cockpit cannot be left now',
          detail: 'Past the point of no return: the run must be watched until Close.',
          buttons: ['Stay'],
        },
      },
    ]);
    cockpit.signal('SIGTERM');
    await expect.poll(() => cockpit.said()).toContain('Past the point of no return');
    const { blockers, windows } = await cockpit.state();
    expect(blockers).toEqual(awake);
    expect(windows.length).toBe(1);

    await ask(cockpit.page, 'answerChecklist', { item: 'unmuted', answer: 'yes', who: 'dana' });
    expect(await ask(cockpit.page, 'close', { who: 'dana' })).toMatchObject({ ok: true });
    await expect.poll(async () => (await viewOf(cockpit.page)).run?.phase, { timeout: 60_000 }).toBe('ended');
    expect((await cockpit.state()).blockers).toEqual([{ kind: 'prevent-display-sleep', on: false }]);
    await cockpit.order({ kind: 'close-window' });
    expect(await cockpit.ended).toBe(0);
  });
});

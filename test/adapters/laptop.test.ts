import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, getPriority, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createClock } from '../../main/adapters/clock.ts';
import { createLaptop } from '../../main/adapters/laptop.ts';
import { takePrecedence } from '../../main/adapters/precedence.ts';

const folder = mkdtempSync(join(tmpdir(), 'cutover-laptop-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
const powered = async (
  supplies: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<unknown> => {
  const powerSupplies = join(folder, `supplies-${(made += 1)}`);
  for (const [name, fields] of Object.entries(supplies)) {
    mkdirSync(join(powerSupplies, name), { recursive: true });
    for (const [field, value] of Object.entries(fields))
      writeFileSync(join(powerSupplies, name, field), `${value}\n`);
  }
  const { mains } = await createLaptop({ journalDirectory: folder, powerSupplies }).facts();
  return mains.kind === 'known' ? mains.value : mains.kind;
};

describe('mains power', () => {
  const battery = { type: 'Battery', status: 'Discharging' };
  test('is what the plug says, and a machine without a battery needs none', async () => {
    expect(await powered({})).toBe(true);
    expect(await powered({ AC: { type: 'Mains', online: '1' }, BAT0: battery })).toBe(true);
    expect(await powered({ AC: { type: 'Mains', online: '0' }, BAT0: battery })).toBe(false);
    expect(
      await powered({ usb: { type: 'USB', online: '1' }, AC: { type: 'Mains', online: '0' }, BAT0: battery }),
    ).toBe(true);
  });

  test('is the battery’s word where no plug is listed, and unknown when it says nothing', async () => {
    expect(await powered({ BAT0: battery })).toBe(false);
    expect(await powered({ BAT0: { ...battery, status: 'Full' } })).toBe(true);
    expect(await powered({ BAT0: { ...battery, status: 'Unknown' } })).toBe('unknown');
  });

  test('is not a question of the mouse', async () => {
    expect(await powered({ mouse: { ...battery, scope: 'Device' } })).toBe(true);
  });
});

test('free bytes are those of the journal’s disk, and unknown where none can be', async () => {
  const directory = join(folder, 'journals');
  const { journalFreeBytes } = await createLaptop({ journalDirectory: directory }).facts();
  expect(journalFreeBytes).toMatchObject({ kind: 'known', source: `statfs ${directory}` });
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect((await createLaptop({ journalDirectory: join(file, 'x') }).facts()).journalFreeBytes.kind).toBe(
    'unknown',
  );
});

test('sleep is blocked only once the lock is held, and no longer than it is', async () => {
  // `env` runs the rest of the line, as systemd-inhibit does.
  const laptop = createLaptop({ journalDirectory: folder, inhibit: ['env'] });
  expect((await laptop.facts()).sleepBlocked).toMatchObject({ kind: 'unknown', why: 'not tried yet' });
  const block = await laptop.blockSleep();
  expect(block.blocked).toBe(true);
  expect((await laptop.facts()).sleepBlocked).toMatchObject({ kind: 'known', value: true });
  block.release();
  expect((await laptop.facts()).sleepBlocked).toMatchObject({ kind: 'known', value: false });
});

test('a machine that cannot hold a lock says so and what to do', async () => {
  for (const inhibit of [['no-such-program-here'], ['false']]) {
    const laptop = createLaptop({ journalDirectory: folder, inhibit });
    expect(await laptop.blockSleep()).toMatchObject({
      blocked: false,
      how: expect.stringContaining('by hand'),
    });
    expect((await laptop.facts()).sleepBlocked.kind).toBe('unknown');
  }
});

test('precedence is given back as it was, and refused without a word of alarm', () => {
  const before = getPriority();
  const precedence = createLaptop({ journalDirectory: folder }).takePrecedence();
  expect(getPriority() < before).toBe(precedence.raised);
  precedence.release();
  expect(getPriority()).toBe(before);
});

test('where programs are grouped by session, the group comes first too, and goes back where it was', () => {
  const file = join(folder, 'autogroup');
  writeFileSync(file, '/autogroup-7 nice 3\n');
  const precedence = takePrecedence(file);
  const written = readFileSync(file, 'utf8');
  expect(written).toBe(
    precedence.raised ? String(constants.priority.PRIORITY_HIGH) : '/autogroup-7 nice 3\n',
  );
  precedence.release();
  expect(readFileSync(file, 'utf8')).toBe(precedence.raised ? '3' : '/autogroup-7 nice 3\n');
});

test('the user is the operating system’s', () => {
  expect(createLaptop({ journalDirectory: folder }).user()).toBe(userInfo().username);
});

test('a timer of the clock fires once, a cancelled one never', async () => {
  const clock = createClock();
  const before = clock.now();
  const fired: string[] = [];
  clock.after(5, () => fired.push('cancelled')).cancel();
  await new Promise<void>((resolve) => clock.after(10, resolve));
  expect(fired).toEqual([]);
  expect(clock.now().monoMs).toBeGreaterThan(before.monoMs);
});

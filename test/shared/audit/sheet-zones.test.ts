import { expect, test } from 'vitest';
import { announceSections } from '../../../shared/audit/sheet-zones.ts';
import { emptyRun } from '../../../shared/steps/decide.ts';
import { referenceWith } from '../../helpers/reference-plan.ts';

const emulator = { apiPort: 23_145, dnsPort: 23_146 };

function commandsOf(emulated: boolean): readonly string[] {
  const plan = referenceWith((from) =>
    emulated && from.dns !== undefined ? { ...from, dns: { ...from.dns, emulator } } : from,
  );
  const run = emptyRun('run-1', plan, { utcMs: 0, monoMs: 0 });
  return announceSections({ plan, run }).flatMap(({ lines }) => lines.map(({ command }) => command));
}

test('the change by hand is a look, the exact batch and a look, in the words of the AWS command line', () => {
  const commands = commandsOf(false);
  expect(commands.map((command) => command.split(' ').slice(0, 3).join(' '))).toEqual([
    'aws route53 list-resource-record-sets',
    'aws route53 change-resource-record-sets',
    'aws route53 list-resource-record-sets',
  ]);
  expect(commands[1]).toContain('"Comment":"cutover run-1"');
});

test('a rehearsal on an emulator has no line that would reach the real Route 53', () => {
  const commands = commandsOf(true);
  expect(commands).toHaveLength(3);
  for (const command of commands)
    expect(command).toMatch(/^aws --endpoint-url http:\/\/127\.0\.0\.1:23145 route53 /);
});

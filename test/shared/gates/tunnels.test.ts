import { expect, test } from 'vitest';
import { judge } from '../../../shared/gates/judge.ts';
import { present } from '../../../shared/lib/assert.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import type { TunnelFacts, TunnelStatus } from '../../../shared/observations/tunnel-status.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';
import {
  fact,
  healthyContext,
  healthyPeople,
  healthySnapshot,
  judgedAt,
  takenAt,
} from '../../helpers/snapshot.ts';

const plan = referencePlan();
const tunnel = present(plan.tunnels[0], 'a tunnel of the reference case');

function gate(status: Partial<TunnelStatus> | null, facts: Partial<TunnelFacts> = {}) {
  const seen = { ageSeconds: 20, peers: ['colo-a'], bytes: 900, ...status };
  const tunnels = [
    {
      tunnel: tunnel.id,
      status: status === null ? unknown('no answer', takenAt, tunnel.id) : fact(seen),
      movedAt: takenAt,
      since: takenAt - 600_000,
      ...facts,
    },
  ];
  const verdicts = judge(
    plan,
    { ...healthySnapshot('mariadb'), tunnels },
    { people: healthyPeople, context: healthyContext },
  );
  return present(
    verdicts.find(({ gate: id }) => id === `hosts.tunnel:${tunnel.id}`),
    'the gate',
  );
}

test('a tunnel is steady when somebody is connected, bytes move and OpenVPN writes its file', () => {
  expect(gate({})).toMatchObject({ state: 'open', blocking: false, fix: null });
  expect(gate({ peers: null })).toMatchObject({ state: 'open' });
  expect(gate({}, { movedAt: null, since: takenAt })).toMatchObject({
    state: 'open',
    reasons: [expect.stringContaining('bytes counted once so far')],
  });
});

test.each([
  ['nobody is connected', { peers: [] }, {}, 'closed', 'seen nobody'],
  ['the file is old', { ageSeconds: 151 }, {}, 'closed', '151 s old'],
  ['bytes stand still', {}, { movedAt: judgedAt - 151_000 }, 'closed', 'the same count for 151 s'],
  [
    'bytes never moved',
    {},
    { movedAt: null, since: judgedAt - 151_000 },
    'closed',
    'the same count for 151 s',
  ],
  ['it cannot be read', null, {}, 'unknown', 'no answer'],
] as const)('it is not when %s', (_, status, facts, state, says) => {
  const verdict = gate(status, facts);
  expect(verdict).toMatchObject({ state, blocking: false });
  expect(verdict.reasons.join(' ')).toContain(says);
});

import { expect } from 'vitest';
import type { ZoneChannel } from '../../main/ports.ts';
import { checkFields } from '../../shared/observations/health-check.ts';
import { parseIp } from '../../shared/observations/ip-address.ts';
import { valueOf } from '../helpers/route53-world.ts';
import type { AbilityTest } from './route53-abilities.ts';

const limitMs = 20_000;
const nobodys = '00000000-0000-4000-8000-000000000000';

const https = {
  id: 'east',
  type: 'HTTPS' as const,
  address: '192.0.2.10',
  port: 443,
  path: '/health',
  hostName: 'www.shop.example',
  dependsOnWrites: false,
  intervalSeconds: 10 as const,
  failureThreshold: 2,
  stableIntervals: 3,
  regions: [],
};
const tcp = {
  id: 'west',
  type: 'TCP' as const,
  address: '192.0.2.20',
  port: 443,
  intervalSeconds: 30 as const,
  failureThreshold: 3,
  stableIntervals: 3,
  regions: [],
};

/** What every Route 53 must do with health checks. */
export function route53Checks(channel: () => ZoneChannel, testAbility: AbilityTest): void {
  testAbility('checks', 'creates a health check of the plan and reads it back', async () => {
    const made = valueOf(await channel().createHealthCheck(https, 'reference-1', limitMs));
    const { type, address, port, path, hostName, intervalSeconds, failureThreshold } = https;
    const wanted = { type, address, port, path, hostName, intervalSeconds, failureThreshold };
    expect(made).toMatchObject({ ...wanted, inverted: false });
    expect(valueOf(await channel().healthCheck(made.healthCheckId, limitMs))).toEqual(made);
    const differing = checkFields(https, made).filter(({ planned, seen }) => planned !== seen);
    expect(differing.filter(({ field }) => field !== 'regions')).toEqual([]);
  });

  testAbility('check-regions', 'keeps the regions that a health check is looked at from', async () => {
    const wanted = { ...https, regions: ['us-east-1', 'eu-west-1', 'sa-east-1'] as const };
    const planned = { ...wanted, regions: [...wanted.regions] };
    const made = valueOf(await channel().createHealthCheck(planned, 'reference-2', limitMs));
    expect(made.regions).toEqual(['eu-west-1', 'sa-east-1', 'us-east-1']);
    expect(checkFields(planned, made).filter(({ planned: one, seen }) => one !== seen)).toEqual([]);
  });

  testAbility(
    'check-references',
    'knows the request for a health check again, and refuses another one of the same reference',
    async () => {
      const made = valueOf(await channel().createHealthCheck(tcp, 'reference-3', limitMs));
      expect(valueOf(await channel().createHealthCheck(tcp, 'reference-3', limitMs))).toEqual(made);
      const other = await channel().createHealthCheck({ ...tcp, port: 80 }, 'reference-3', limitMs);
      expect(other).toMatchObject({ kind: 'refused', code: 409 });
      expect(valueOf(await channel().healthCheck(made.healthCheckId, limitMs))).toEqual(made);
    },
  );

  testAbility('check-votes', 'says what the checkers of a health check say', async () => {
    const made = valueOf(await channel().createHealthCheck(tcp, 'reference-4', limitMs));
    for (const { region, checker } of valueOf(await channel().healthVotes(made.healthCheckId, limitMs))) {
      expect(region).toMatch(/^[a-z]{2}-[a-z]+-\d$/);
      expect(parseIp(checker)).not.toBeNull();
    }
  });

  testAbility(
    'unknown-checks',
    'says that a health check is not there, and that nobody votes on it',
    async () => {
      expect(valueOf(await channel().healthCheck(nobodys, limitMs))).toBeNull();
      expect(await channel().healthVotes(nobodys, limitMs)).toMatchObject({ kind: 'refused', code: 404 });
    },
  );
}

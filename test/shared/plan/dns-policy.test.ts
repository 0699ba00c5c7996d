import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dnsPolicy } from '../../../shared/plan/dns-policy.ts';
import { dnsSchema } from '../../../shared/plan/plan-dns.ts';

const side = { ttlSeconds: 60, values: ['192.0.2.1'] };
const record = { zone: 'shop', name: 'WWW.shop.example.', type: 'A', before: side, after: side };
const zones = [{ id: 'shop', hostedZoneId: 'Z0EXAMPLE1SHOP', name: 'shop.example' }];

test('is what the document shows', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../resources/docs/route53.md'), 'utf8');
  const shown: unknown = JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '');
  expect(dnsPolicy(dnsSchema.parse({ zones, records: [record] }), 'shop')).toEqual(shown);
});

test('names wildcards as Route 53 normalises them, and creates health checks only where the plan does', () => {
  const check = { type: 'TCP', address: '192.0.2.1', port: 443 };
  const dns = (healthChecks: readonly object[]) =>
    dnsSchema.parse({
      zones,
      healthChecks,
      records: [{ ...record, name: '*.shop.example', before: { ...side, healthCheck: 'one' } }],
    });
  const actions = (checks: readonly object[]): string => JSON.stringify(dnsPolicy(dns(checks), 'shop'));
  expect(actions([{ ...check, id: 'one' }])).toContain('route53:CreateHealthCheck');
  const named = actions([{ ...check, id: 'one', healthCheckId: 'abc' }]);
  expect(named).not.toContain('CreateHealthCheck');
  expect(named).toContain('arn:aws:route53:::healthcheck/abc');
  expect(named).toContain(JSON.stringify('\\052.shop.example'));
});

import { readFileSync } from 'node:fs';
import { startEmulator } from '../../main/emulator/emulator.ts';
import { accountOfPlan } from '../../main/emulator/from-plan.ts';
import { formatMistake } from '../../shared/plan/mistake.ts';
import { parsePlan } from '../../shared/plan/parse-plan.ts';

/**
 * `lab route53 PLAN`: a Route 53 of one's own with the plan's zones as they are today, until it is interrupted. A plan that
 * names its ports leads the cockpit there by itself; any other is led by the environment.
 */
export async function serveRoute53(
  planFile: string,
  say: (value: object, words: string) => void,
): Promise<number> {
  const parsed = parsePlan(readFileSync(planFile, 'utf8'), planFile);
  const dns = parsed.ok ? parsed.value.plan.dns : undefined;
  if (!parsed.ok || dns === undefined) {
    console.error(
      parsed.ok ? `${planFile}: the plan has no section dns` : parsed.error.map(formatMistake).join('\n'),
    );
    return 1;
  }
  const planned = dns.emulator;
  const emulator = await startEmulator(
    accountOfPlan(dns, Date.now),
    planned === undefined ? {} : { api: planned.apiPort, dns: planned.dnsPort },
  );
  const { endpoint, dnsPort } = emulator;
  const environment = {
    AWS_ENDPOINT_URL_ROUTE_53: endpoint,
    AWS_ENDPOINT_URL_STS: endpoint,
    AWS_ACCESS_KEY_ID: 'emulated',
    AWS_SECRET_ACCESS_KEY: 'emulated',
  };
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${value}`);
  const way =
    planned === undefined
      ? `For the cockpit:\n${lines.join('\n')}`
      : 'The plan itself leads the cockpit to it; for any other client of AWS:\n' + lines.join('\n');
  say(
    { endpoint, dnsPort, environment },
    `Route 53 on ${endpoint}, its DNS on 127.0.0.1 port ${dnsPort}. ${way}\nStop it with Ctrl-C.`,
  );
  await new Promise<void>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  await emulator.stop();
  return 0;
}

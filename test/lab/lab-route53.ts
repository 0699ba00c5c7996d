import { loadPlan } from '../../main/compose.ts';
import { startEmulator } from '../../main/emulator/emulator.ts';
import { accountOfPlan } from '../../main/emulator/from-plan.ts';

/** `lab route53 PLAN`: a Route 53 of one's own with the plan's zones as they are today, until it is interrupted. */
export async function serveRoute53(
  planFile: string,
  say: (value: object, words: string) => void,
): Promise<number> {
  const loaded = loadPlan(planFile);
  const dns = loaded.ok ? loaded.value.plan.dns : undefined;
  if (!loaded.ok || dns === undefined) {
    console.error(loaded.ok ? `${planFile}: the plan has no section dns` : loaded.error.join('\n'));
    return 1;
  }
  const emulator = await startEmulator(accountOfPlan(dns, Date.now));
  const { endpoint, dnsPort } = emulator;
  const environment = {
    AWS_ENDPOINT_URL_ROUTE_53: endpoint,
    AWS_ENDPOINT_URL_STS: endpoint,
    AWS_ACCESS_KEY_ID: 'emulated',
    AWS_SECRET_ACCESS_KEY: 'emulated',
  };
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${value}`);
  say(
    { endpoint, dnsPort, environment },
    `Route 53 on ${endpoint}, its DNS on 127.0.0.1 port ${dnsPort}. For the cockpit:\n${lines.join('\n')}\nStop it with Ctrl-C.`,
  );
  await new Promise<void>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  await emulator.stop();
  return 0;
}

import { parseDnsName } from '../../shared/observations/dns-name.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import { normaliseValue } from '../../shared/observations/record-set.ts';
import { formatIp } from '../../shared/observations/ip-address.ts';
import type { Result } from '../../shared/lib/result.ts';
import type { DnsZone } from '../../shared/plan/plan-dns.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import type { OpenRefused, Route53Port, ZoneChannel } from '../ports.ts';
import { answersFrom } from './answers.ts';
import { requestBudget, type RequestBudget } from './request-budget.ts';
import { sendToAws } from './route53-call.ts';
import { route53Driver, type Route53Driver } from './route53-driver.ts';
import { parseChange, parseHealthCheck, parseVotes, parseZone, rawHealthCheck } from './route53-parse.ts';
import { listSets } from './route53-reads.ts';
import { spellings } from './route53-sets.ts';

/** Route 53 through the AWS SDK: the plan's zones, each with its own profile, under one budget for each account. */
export function createRoute53(plan: Pick<Plan, 'dns'>): Route53Port {
  const budgets = new Map<string, RequestBudget>();
  const budgetOf = (account: string): RequestBudget => {
    const known = budgets.get(account);
    if (known !== undefined) return known;
    const made = requestBudget();
    budgets.set(account, made);
    return made;
  };
  return {
    open: async (id, limitMs) => {
      const zone = plan.dns?.zones.find((each) => each.id === id);
      if (zone === undefined)
        return refused('other', `There is no DNS zone "${id}" in the plan, expected one of its ids.`);
      const driver = route53Driver(zone.profile, plan.dns?.emulator);
      const opened = await openZone({ zone, driver, budgetOf, endsAt: performance.now() + limitMs });
      if (opened.kind === 'refused') driver.close();
      return opened;
    },
  };
}

/** Whose credentials these are is asked before anything else; the zone's own answer then warms the connection. */
async function openZone(at: {
  readonly zone: DnsZone;
  readonly driver: Route53Driver;
  readonly budgetOf: (account: string) => RequestBudget;
  readonly endsAt: number;
}): ReturnType<Route53Port['open']> {
  const { zone, driver, budgetOf, endsAt } = at;
  const who = zone.profile === undefined ? 'the default credentials' : `profile ${zone.profile}`;
  const asked = await sendToAws({
    limitMs: endsAt - performance.now(),
    budget: null,
    urgent: false,
    isClosed: () => false,
    send: async (signal) => ({
      account: (await driver.account(signal)) ?? '',
      credentialsEndAt: await driver.credentialsEndAt(),
    }),
  });
  if (asked.kind !== 'ok') return notOpened(zone, asked);
  const { account, credentialsEndAt } = asked.value;
  if (zone.account !== undefined && account !== zone.account)
    return refused(
      'credential',
      `Zone ${zone.id}: ${who} belong to account ${account}, expected ${zone.account}: take the profile of that account.`,
    );
  if (!/^\d{12}$/.test(account))
    return refused('credential', `Zone ${zone.id}: AWS named no account for ${who}, expected 12 digits.`);
  const budget = budgetOf(account);
  const channel = zoneChannel({ zone, driver, budget, account, credentialsEndAt });
  const facts = await channel.facts(endsAt - performance.now());
  if (facts.kind !== 'ok') return notOpened(zone, facts);
  const { name, view } = facts.value;
  if (name !== parseDnsName(zone.name) || view !== zone.view)
    return refused(
      'other',
      `${zone.hostedZoneId} is the ${view} zone ${name}, expected the ${zone.view} zone ${zone.name} as the plan says: look at hostedZoneId, name and view of zone ${zone.id}.`,
    );
  return { kind: 'open', channel };
}

function zoneChannel(at: {
  readonly zone: DnsZone;
  readonly driver: Route53Driver;
  readonly budget: RequestBudget;
  readonly account: string;
  readonly credentialsEndAt: number | null;
}): ZoneChannel {
  const { zone, driver, budget, account } = at;
  const { hostedZoneId } = zone;
  const spelt = spellings();
  let closed = false;
  const isClosed = (): boolean => closed;
  const listing = { driver, budget, hostedZoneId, isClosed, spellings: spelt };
  let { credentialsEndAt } = at;
  const send = async <T>(
    limitMs: number,
    call: (signal: AbortSignal) => Promise<T>,
    urgent = false,
  ): Promise<Answer<T>> => {
    const answer = await sendToAws({ limitMs, budget, urgent, isClosed, send: call });
    // The SDK fetches new credentials by itself while the login lasts; the end that is shown moves with them.
    void driver.credentialsEndAt().then(
      (endsAt) => (credentialsEndAt = endsAt),
      () => {},
    );
    return answer;
  };
  return {
    zone: zone.id,
    account,
    get credentialsEndAt() {
      return credentialsEndAt;
    },
    facts: async (limitMs) =>
      read(await send(limitMs, (signal) => driver.hostedZone(hostedZoneId, signal)), parseZone),
    list: (limitMs) => listSets(listing, { name: null, urgent: false, limitMs }),
    listNames: async (names, limitMs) => {
      const answers = answersFrom();
      const endsAt = performance.now() + limitMs;
      const sets: RecordSet[] = [];
      for (const name of new Set(names)) {
        const found = await listSets(listing, { name, urgent: true, limitMs: endsAt - performance.now() });
        if (found.kind !== 'ok') return found;
        sets.push(...found.value);
      }
      return answers.ok(sets);
    },
    change: async (batch, comment, limitMs) => {
      const input = { zone: hostedZoneId, comment, changes: spelt.changes(batch) };
      const answer = await send(limitMs, (signal) => driver.change(input, signal), true);
      if (answer.kind !== 'ok') return answer;
      const parsed = parseChange(answer.value);
      const { takenAt, tookMs } = answer;
      if (parsed.ok) return { kind: 'ok', value: parsed.value, takenAt, tookMs };
      const message = `Route 53 answered without naming its change (${parsed.error}); whether it happened is unknown.`;
      return { kind: 'none', why: 'session-lost', message, takenAt, tookMs };
    },
    changeState: async (id, limitMs) =>
      read(await send(limitMs, (signal) => driver.changeState(id, signal)), parseChange),
    testAnswer: async ({ name, type, clientSubnet }, limitMs) => {
      const input = {
        HostedZoneId: hostedZoneId,
        RecordName: `${name}.`,
        RecordType: type as Parameters<Route53Driver['testAnswer']>[0]['RecordType'],
        ...(clientSubnet === null
          ? {}
          : {
              EDNS0ClientSubnetIP: formatIp(clientSubnet.address),
              EDNS0ClientSubnetMask: String(clientSubnet.bits),
            }),
      };
      const answer = await send(limitMs, (signal) => driver.testAnswer(input, signal));
      return map(answer, ({ ResponseCode, RecordData }) => ({
        rcode: ResponseCode ?? 'none',
        values: (RecordData ?? []).map((value) => normaliseValue(type, value)).toSorted(),
      }));
    },
    healthCheck: async (id, limitMs) => {
      const answer = await send(limitMs, (signal) => driver.healthCheck(id, signal));
      if (answer.kind === 'refused' && answer.code === 404) {
        const { takenAt, tookMs } = answer;
        return { kind: 'ok', value: null, takenAt, tookMs };
      }
      return read(answer, parseHealthCheck);
    },
    healthVotes: async (id, limitMs) =>
      map(await send(limitMs, (signal) => driver.healthVotes(id, signal)), parseVotes),
    createHealthCheck: async (planned, callerReference, limitMs) => {
      const config = rawHealthCheck(planned);
      if (!config.ok)
        return answersFrom().refused({ code: null, refusal: 'rejected', message: `${config.error}.` });
      const input = { callerReference, config: config.value };
      return read(await send(limitMs, (signal) => driver.createHealthCheck(input, signal)), parseHealthCheck);
    },
    close: async () => {
      closed = true;
      driver.close();
    },
  };
}

/** An answer as one that was read, or a refusal that says what was expected of it. */
function read<T, U>(answer: Answer<T>, parse: (value: T) => Result<U, string>): Answer<U> {
  if (answer.kind !== 'ok') return answer;
  const parsed = parse(answer.value);
  const { takenAt, tookMs } = answer;
  if (parsed.ok) return { kind: 'ok', value: parsed.value, takenAt, tookMs };
  const message = `The answer of Route 53 cannot be read: ${parsed.error}.`;
  return { kind: 'refused', code: null, refusal: 'other', message, takenAt, tookMs };
}

function map<T, U>(answer: Answer<T>, turn: (value: T) => U): Answer<U> {
  return answer.kind === 'ok' ? { ...answer, value: turn(answer.value) } : answer;
}

function notOpened(zone: DnsZone, answer: Exclude<Answer<unknown>, { readonly kind: 'ok' }>): OpenRefused {
  const message = `Zone ${zone.id} (${zone.hostedZoneId}): ${answer.message}`;
  if (answer.kind === 'refused')
    return refused(answer.refusal === 'credentials' ? 'credential' : 'other', message);
  return refused(answer.why === 'time-limit' ? 'time-limit' : 'unreachable', message);
}

function refused(reason: OpenRefused['reason'], message: string): OpenRefused {
  return { kind: 'refused', reason, message };
}

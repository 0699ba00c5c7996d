import { forecastChain, freezeLinks } from '../observations/forecast.ts';
import { chainNodes, sourceMasters } from '../observations/plan-nodes.ts';
import type { LagFacts } from '../observations/snapshot.ts';
import type { Chain } from '../plan/plan.ts';
import type { FastFacts } from '../sessions/operations.ts';
import type { ReplicationLink } from '../sessions/replication-link.ts';
import { noDelayStatement, on, showLinkStatement, startLinkStatement } from './fix.ts';
import type { Look } from './look.ts';
import { freshness } from './look.ts';
import type { GateDefinition, World } from './world.ts';

const group = 'replication';

/** Gates on the links themselves: they run, whole and without delay, and are near enough for the minute. */
export const replication: readonly GateDefinition[] = [
  {
    id: 'replication.running',
    group,
    scope: 'chain',
    title: (chain) => `Receiver and applier of every link of ${chain} run without error.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const { instance, facts, link } of plannedLinks(chain, look)) {
        const { flavor } = facts.position;
        look.row(instance, link.channel, link.receiver, link.applier);
        const running = look.expect(
          link.receiver === 'running' && link.receiverError === null,
          `${instance}: expected a running receiver on channel '${link.channel}', seen ${link.receiver}${errorText(link.receiverError)}.`,
          on(
            instance,
            link.receiver === 'stopped'
              ? startLinkStatement(flavor, link.channel)
              : showLinkStatement(flavor, link.channel),
          ),
        );
        const applying = look.expect(
          link.applier === 'running' && link.applierError === null,
          `${instance}: expected a running applier on channel '${link.channel}', seen ${link.applier}${errorText(link.applierError)}.`,
          on(
            instance,
            link.applierError === null
              ? startLinkStatement(flavor, link.channel)
              : `${showLinkStatement(flavor, link.channel)}; mend what error ${link.applierError.code} names, then ${startLinkStatement(flavor, link.channel)}`,
          ),
        );
        if (running && applying)
          look.note(`${instance}: running from ${link.sourceHost}:${link.sourcePort}.`);
      }
      return look.judgement('node', 'channel', 'receiver', 'applier');
    },
  },
  {
    id: 'replication.whole',
    group,
    scope: 'chain',
    title: (chain) => `No link of ${chain} is delayed or filtered.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const { instance, facts, link } of plannedLinks(chain, look)) {
        look.expect(
          link.delaySeconds === 0,
          `${instance}: expected no delay on channel '${link.channel}', seen ${link.delaySeconds} s.`,
          on(instance, noDelayStatement(facts.position.flavor, link.channel)),
        );
        // A wait answers "applied" although a filtered table is missing: seen on a real server.
        look.expect(
          link.filters.length === 0,
          `${instance}: expected no replication filter on channel '${link.channel}', seen ${link.filters.join(', ')}.`,
          on(
            instance,
            'take the filter out of its option file (replicate-*, binlog-do-db, binlog-ignore-db), restart, and rebuild what it left out',
          ),
        );
      }
      return look.judgement();
    },
  },
  {
    id: 'replication.lag',
    group,
    scope: 'chain',
    title: (chain) => `The links that the freeze of ${chain} waits for are near enough.`,
    guards: ['I3'],
    overridable: true,
    blocking: true,
    judge: (world, chain, look) => {
      const expected = chainNodes(chain).filter(({ role, from }) => role === 'master' && from !== null);
      judgeLags(world, { links: freezeLinks(chain, world.snapshot.lags), expected }, look);
      return look.judgement('node', 'behind', 'lag', 'transactions', 'bytes');
    },
  },
  {
    id: 'replication.lag-elsewhere',
    group,
    scope: 'chain',
    title: (chain) => `The slaves and replicas of ${chain} are near, too.`,
    guards: [],
    overridable: true,
    blocking: false,
    judge: (world, chain, look) => {
      const nodes = chainNodes(chain).filter(({ role, from }) => role !== 'master' && from !== null);
      if (nodes.length === 0) return null;
      const links = world.snapshot.lags.filter((lag) =>
        nodes.some((node) => node.instance === lag.instance && node.from === lag.from),
      );
      judgeLags(world, { links, expected: nodes }, look);
      return look.judgement('node', 'behind', 'lag', 'transactions', 'bytes');
    },
  },
  {
    id: 'replication.forecast',
    group,
    scope: 'chain',
    title: (chain) => `The drain and the write freeze of ${chain} are forecast within budget.`,
    guards: ['I3'],
    overridable: true,
    blocking: true,
    judge: ({ plan, snapshot, context }, chain, look) => {
      const result = forecastChain(plan, chain, {
        snapshot,
        history: context.history,
        appliesPerSecond: context.appliesPerSecond ?? {},
      });
      look.used(result.takenAt, result.kind === 'unknown' ? null : freshness.fastMs);
      if (result.kind === 'unknown') {
        look.unclear(result.why);
        return look.judgement();
      }
      if (context.now - result.takenAt > freshness.fastMs)
        look.unclear(`lag: expected a reading younger than ${freshness.fastMs / 1_000} s`);
      // A forecast speaks of round trips on sessions that are there: without them it is history.
      for (const { instance, role } of chainNodes(chain)) if (role === 'master') look.fast(instance);
      const { freezeMs, p95Ms, drainMs, how } = result.forecast;
      look.row('write freeze', `${plan.budgets.writeFreezeMs} ms`, `${freezeMs} ms, 95 %: ${p95Ms} ms`);
      look.row('drain', `${plan.limits.drainMs} ms`, `${drainMs} ms`);
      look.expect(
        drainMs <= plan.limits.drainMs,
        `Expected a drain within ${plan.limits.drainMs} ms (limits.drainMs), forecast ${drainMs} ms: ${how}.`,
        slower,
      );
      look.expect(
        p95Ms <= plan.budgets.writeFreezeMs,
        `Expected a write freeze within ${plan.budgets.writeFreezeMs} ms (budgets.writeFreezeMs), forecast ${freezeMs} ms, 95 %: ${p95Ms} ms: ${how}.`,
        slower,
      );
      look.note(`Freeze ${freezeMs} ms, 95 %: ${p95Ms} ms: ${how}.`);
      return look.judgement('what', 'budget', 'forecast');
    },
  },
  {
    id: 'replication.prepared',
    group,
    scope: 'chain',
    title: (chain) => `The cutover schema is prepared on every source master of ${chain}.`,
    guards: [],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const instance of sourceMasters(chain)) {
        const survey = look.survey(instance);
        if (survey === undefined) continue;
        look.expect(
          survey.schemaPrepared,
          `${instance}: expected schema cutover, seen none.`,
          'Press Prepare in Preflight: it creates schema cutover (heartbeat and canary) on the source masters; Close removes it.',
        );
      }
      return look.judgement();
    },
  },
];

const slower =
  'Throttle batch writers on the source, add appliers on the target, or wait until the lag is gone.';

function plannedLinks(
  chain: Chain,
  look: Look,
): readonly { readonly instance: string; readonly facts: FastFacts; readonly link: ReplicationLink }[] {
  return chainNodes(chain).flatMap(({ instance, channel, from }) => {
    if (from === null) return [];
    const facts = look.fast(instance);
    const link = facts?.links.find((candidate) => candidate.channel === channel);
    if (facts !== undefined && link === undefined)
      look.expect(false, `${instance}: expected channel '${channel}', seen no such link.`);
    return facts === undefined || link === undefined ? [] : [{ instance, facts, link }];
  });
}

function judgeLags(
  { plan }: World,
  {
    links,
    expected,
  }: {
    readonly links: readonly LagFacts[];
    readonly expected: readonly { readonly instance: string; readonly from: string | null }[];
  },
  look: Look,
): void {
  for (const { instance, from } of expected) {
    const link = links.find((candidate) => candidate.instance === instance && candidate.from === from);
    const lagMs = look.at(link?.lagMs, `lag of ${instance} behind ${from ?? 'nobody'}`, freshness.fastMs);
    look.row(
      instance,
      from ?? '',
      lagMs === undefined ? 'unknown' : `${Math.round(lagMs)} ms`,
      shown(link?.transactionsBehind),
      shown(link?.bytesBehind),
    );
    if (lagMs === undefined) continue;
    look.expect(
      lagMs <= plan.limits.lagMs,
      `${instance}: expected at most ${plan.limits.lagMs} ms behind ${from ?? ''} (limits.lagMs), seen ${Math.round(lagMs)} ms.`,
      on(
        instance,
        'wait; SHOW PROCESSLIST for what the applier does; more parallel appliers, or fewer writes on the source',
      ),
    );
  }
}

function shown(figure: LagFacts['lagMs'] | undefined): string {
  return figure?.kind === 'known' ? String(figure.value) : 'unknown';
}

function errorText(error: ReplicationLink['receiverError']): string {
  return error === null ? '' : `, error ${error.code}: ${error.message}`;
}

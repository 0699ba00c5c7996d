import type { Verdict } from '../../shared/gates/gate.ts';
import { freshness } from '../../shared/gates/look.ts';
import { at } from './view-chains.ts';

/** On facts that were seen so long ago and may be so old. */
function aged(ageMs: number, limitMs: number): Pick<Verdict, 'takenAt' | 'ages'> {
  return { takenAt: at - ageMs, ages: [{ takenAt: at - ageMs, limitMs }] };
}

function verdict(part: Partial<Verdict> & Pick<Verdict, 'gate' | 'group' | 'title'>): Verdict {
  return {
    chain: null,
    state: 'open',
    reasons: ['10 of 10 links checked by server id and address.'],
    evidence: null,
    ...aged(200, freshness.fastMs),
    fix: null,
    guards: [],
    overridable: true,
    blocking: true,
    override: null,
    ...part,
  };
}

/** Gates of every state. */
export const gates: readonly Verdict[] = [
  verdict({
    gate: 'writers.bypass:orders',
    group: 'writers',
    chain: 'orders',
    title: 'No account can write through the fence on orders',
    state: 'closed',
    reasons: [
      'Expected none; seen 2 sessions of reporting@10.4.% that hold READ_ONLY ADMIN on orders-b1 and wrote 14 times in the last minute.',
    ],
    evidence: {
      columns: ['thread', 'user', 'from', 'last write'],
      rows: [
        ['48211', 'reporting', '10.4.2.17', '3.1 s ago'],
        ['48377', 'reporting', '10.4.2.18', '8.8 s ago'],
      ],
    },
    fix: "REVOKE READ_ONLY ADMIN ON *.*\n  FROM 'reporting'@'10.4.%';\n-- then end its sessions: rights stay until reconnect",
    guards: ['I1', 'I2'],
    overridable: false,
  }),
  verdict({
    gate: 'laptop.power',
    group: 'laptop',
    title: 'This laptop runs on mains power',
    state: 'closed',
    reasons: ['Expected mains power; seen battery at 71 %.'],
    ...aged(52_000, freshness.laptopMs),
    fix: 'Plug the power supply in.',
  }),
  verdict({
    gate: 'replication.forecast:content',
    group: 'replication',
    chain: 'content',
    title: 'content drains within its budget',
    state: 'unknown',
    reasons: [
      'The apply rate of content-use1 is unknown: fewer than 20 transactions were seen in the last minute.',
    ],
    ...aged(41_000, freshness.fastMs),
  }),
  verdict({
    gate: 'replication.forecast:orders',
    group: 'replication',
    chain: 'orders',
    title: 'orders drains within its budget',
    reasons: [
      'Lag 0.02 s, 41 trx/s written, 1,900 trx/s appliable: drain forecast 0.3 s, p95 0.6 s of 20 s.',
    ],
  }),
  verdict({
    gate: 'right-servers.identity',
    group: 'right-servers',
    title: 'Every session is on the server the plan names',
    guards: ['I7'],
    overridable: false,
    reasons: ['10 of 10 servers answered with the identity the plan names.'],
  }),
  verdict({
    gate: 'replication.direction',
    group: 'replication',
    title: 'Every link replicates from the server the plan names',
  }),
  verdict({
    gate: 'replication.errant',
    group: 'replication',
    title: 'No errant transaction on any target',
    reasons: ['4 targets compared both ways.'],
    ...aged(900, freshness.fastMs),
  }),
  verdict({
    gate: 'writers.slaves',
    group: 'writers',
    title: 'Only source masters take writes',
    reasons: ['6 nodes are read-only, 4 source masters are writable.'],
  }),
  verdict({
    gate: 'way-back.possible',
    group: 'way-back',
    title: 'The way back is possible',
    reasons: ['Replication login, TLS, binary logs and server ids tried from every source to its target.'],
    ...aged(250_000, freshness.switchMs),
  }),
  verdict({
    gate: 'durability.sync',
    group: 'durability',
    title: 'Commits survive a crash',
    reasons: ['sync_binlog = 1 and innodb_flush_log_at_trx_commit = 1 on 10 of 10 servers.'],
  }),
  verdict({
    gate: 'hosts.reachable',
    group: 'hosts',
    title: 'Every host answers over SSH',
    reasons: ['8 of 8 hosts answered, slowest 41 ms.'],
  }),
  verdict({
    gate: 'laptop.clock',
    group: 'laptop',
    title: 'The clocks agree',
    reasons: ['Largest offset 3.1 ms of 100 ms, orders-usw2.'],
  }),
  verdict({
    gate: 'laptop.disk',
    group: 'laptop',
    title: 'The journal has room',
    state: 'closed',
    reasons: ['Expected 1 GB free; seen 0.6 GB.'],
    override: { who: 'dana', reason: 'one run needs 4 MB', atUtcMs: at - 600_000 },
  }),
];

import { z } from 'zod';
import { channelName, directionSchema, restoreSchema } from './plan-links.ts';
import { dnsSchema } from './plan-dns.ts';
import { clientSchema, fleetSchema, residueSchema, tunnelSchema } from './plan-surroundings.ts';
import {
  address,
  credentialSchema,
  durationMs,
  hostFile,
  id,
  mysqlName,
  path,
  port,
  tableName,
  text,
  tlsSchema,
} from './plan-words.ts';
export { credentialSchema, tlsSchema, type Credential, type Tls } from './plan-words.ts';
export type { AppFleet, SyntheticClient } from './plan-surroundings.ts';

/**
 * Schema version 1 of the plan file: the whole estate, what is moved, how, and within which limits.
 *
 * Names here are the words of the product: source and target, chain, hold, fence, drain, promote, redirect.
 * Durations are milliseconds and end in `Ms`. Passwords never appear: a credential is a reference.
 * What the schema cannot see (references, addresses, budgets) is judged in judge-plan.ts.
 */

const siteSchema = z.strictObject({
  id,
  kind: z.enum(['co-location', 'ec2-region']),
  title: text.optional(),
});
export type Site = z.infer<typeof siteSchema>;

const sshSchema = z.union([
  z.strictObject({
    alias: id.describe('A Host of ssh_config.'),
    configFile: path.optional(),
    knownHosts: path.optional(),
  }),
  z.strictObject({
    address,
    port: port.default(22),
    user: id,
    identityFile: path.optional(),
    agent: z.boolean().default(true).describe('Whether keys of the running ssh-agent are offered.'),
    jump: z.array(id).max(4).default([]).describe('Hosts of this plan to go through, first hop first.'),
    knownHosts: path.optional(),
  }),
]);
export type SshAccess = z.infer<typeof sshSchema>;

const hostSchema = z.strictObject({ id, site: id, ssh: sshSchema.optional() });
export type Host = z.infer<typeof hostSchema>;

const clientProgram = z
  .string()
  .regex(/^[A-Za-z0-9_./-]{1,255}$/, 'a program of letters, digits, dot, slash, dash or underscore')
  .default('mysql')
  .describe("The host's own command-line client: mysql, mariadb, or its full path.");

/** How a host logs in to its own server, by what it already has. No secret has a place here. */
const hostLoginSchema = z.strictObject({
  client: clientProgram,
  optionFile: hostFile
    .optional()
    .describe('The only option file that is read; default: those the client reads by itself.'),
  socket: hostFile.optional().describe("Default: the instance's socket, else its address and port over TCP."),
  user: mysqlName
    .optional()
    .describe('An account of unix_socket or auth_socket; default: as the option file says.'),
});
export type HostLogin = z.infer<typeof hostLoginSchema>;

const instanceSchema = z.strictObject({
  id,
  host: id,
  address: address
    .default('127.0.0.1')
    .describe('As seen from the host when via is ssh, from this laptop when direct.'),
  port: port.default(3306),
  socket: path
    .optional()
    .describe("A UNIX socket on the instance's host; used instead of address and port when via is ssh."),
  replicationAddress: address
    .optional()
    .describe('The address the other instances replicate from; default: address.'),
  replicationPort: port.optional(),
  fenceDropIn: hostFile
    .optional()
    .describe(
      'A file in an include directory of its option files, on its host: read_only=1 is put there so that the fence outlives a restart (MariaDB; MySQL when it dies before it has persisted it).',
    ),
  hostLogin: hostLoginSchema
    .optional()
    .describe("How its host logs in to it when the dead-man's switch fires: by what the host already has."),
  via: z.enum(['ssh', 'direct']).default('ssh'),
  tls: tlsSchema.default({ mode: 'REQUIRED' }),
  operator: credentialSchema.optional().describe('Overrides accounts.operator for this instance.'),
  plain: credentialSchema.optional().describe('Overrides accounts.plain for this instance.'),
});
export type Instance = z.infer<typeof instanceSchema>;

const memberSchema = z.strictObject({
  instance: id,
  from: id.optional().describe('The instance it replicates from.'),
  channel: channelName.default('').describe('Channel or connection name of that link.'),
});
export type Member = z.infer<typeof memberSchema>;

const chainSchema = z.strictObject({
  id,
  source: z.strictObject({
    masters: z.array(memberSchema).min(1).max(8),
    slaves: z.array(memberSchema).max(32).default([]),
  }),
  target: z.strictObject({
    masters: z.array(memberSchema).min(1).max(8),
    replicas: z.array(memberSchema).max(32).default([]),
    restore: restoreSchema.optional(),
  }),
  replication: z
    .strictObject({
      forward: directionSchema,
      reverse: directionSchema
        .extend({
          channel: channelName
            .optional()
            .describe('Channel or connection name of the reverse link; default: cutover_reverse.'),
        })
        .optional(),
    })
    .describe('The replication account of each direction.'),
  wayBack: z.union([
    z.literal('reverse'),
    z.strictObject({ none: text.describe('Why there is no way back for this chain.') }),
  ]),
  gtid: z
    .enum(['on', 'off'])
    .default('on')
    .describe('off: file and position; a deliberate choice, checked against the servers.'),
  proofTables: z
    .array(tableName)
    .max(100)
    .optional()
    .describe('Tables whose newest rows are compared before promotion; default: the ten most written.'),
  blockers: z
    .enum(['wait', 'postpone', 'kill-idle', 'kill'])
    .default('postpone')
    .describe('What happens to a session that keeps the fence waiting.'),
  bypassAccounts: z
    .array(text)
    .max(64)
    .default([])
    .describe("Accounts 'user'@'host' that pass read_only and are known and accepted."),
  bypassWriters: z
    .enum(['accept', 'end-sessions', 'lock'])
    .default('accept')
    .describe(
      'What happens to bypassAccounts for the minute; sessions from before the fence are ended in any case. accept: they may connect again, and a write of theirs ends the run; end-sessions: one that is connected behind the fence ends the run; lock: ACCOUNT LOCK before the fence as well, UNLOCK at the thaw.',
    ),
  deadMansSwitch: z
    .union([
      z.strictObject({ none: text.describe("Why the source of this chain has no dead-man's switch.") }),
      z.strictObject({
        client: clientProgram,
        targetOptionFile: hostFile.describe(
          'On every source host of the chain: with it the switch logs in at the target masters, by their replication addresses.',
        ),
        sourceOptionFile: hostFile
          .optional()
          .describe(
            'The same for Reverse, on every target host: with it the switch there logs in at the source masters.',
          ),
      }),
    ])
    .optional()
    .describe('How the second stage reaches the target; without it the narrow passage has no second stage.'),
  events: z
    .array(tableName)
    .max(200)
    .default([])
    .describe('Events (schema.event) switched on at the target after promotion.'),
});
export type Chain = z.infer<typeof chainSchema>;

const identitySchema = z.strictObject({
  instance: id.optional(),
  serverUuid: z.guid().optional().describe('MySQL: @@server_uuid.'),
  serverId: z.int().min(0).max(4_294_967_295).optional().describe('MariaDB: @@server_id.'),
  hostKey: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, 'a fingerprint as ssh-keygen -lf prints it: SHA256:…')
    .optional()
    .describe("MariaDB: fingerprint of its host's SSH key."),
  datadir: path.optional().describe('MariaDB: @@datadir.'),
  gtidBinlogState: z.string().max(4096).optional().describe('MariaDB: a state that the server must contain.'),
});
export type PlannedIdentity = z.infer<typeof identitySchema>;

const limitsSchema = z.strictObject({
  runDeadlineMs: durationMs
    .default(60_000)
    .describe('From arming, the first step that concerns the source, to the point of no return.'),
  abortMs: durationMs.default(10_000),
  marginMs: durationMs.default(5_000),
  deadMansSwitchMs: durationMs.default(90_000),
  preDrainMs: durationMs.default(60_000),
  quietMs: durationMs.default(10_000),
  fenceMs: durationMs.default(10_000).describe('All attempts of one fence together.'),
  fenceAttemptMs: durationMs
    .default(3_000)
    .describe('lock_wait_timeout of one attempt, rounded up to whole seconds.'),
  endSessionsMs: durationMs.default(3_000),
  convergeMs: durationMs.default(10_000),
  drainMs: durationMs.default(20_000),
  proveMs: durationMs.default(3_000),
  passageMs: durationMs.default(500).describe('The narrow passage, from the first claim to promote.'),
  promoteMs: durationMs.default(5_000),
  redirectMs: durationMs.default(15_000),
  announceMs: durationMs.default(60_000).describe('Until Route 53 took every change, throttled or not.'),
  reverseMs: durationMs.default(10_000),
  canaryMs: durationMs.default(15_000),
  lagMs: durationMs.default(2_000).describe('Replication lag above which the lag gate closes.'),
  longTransactionMs: durationMs.default(5_000),
  clockOffsetMs: durationMs.default(1_000),
  heartbeatMs: durationMs.default(250),
});

/** The whole plan file. */
export const planSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: id,
  environment: z.enum(['production', 'staging', 'simulator']),
  unprovenVersions: z.enum(['refused', 'accepted']).default('refused'),
  identities: z
    .array(identitySchema)
    .default([])
    .describe('What each server of this plan is; required for production.'),
  denyIdentities: z
    .array(identitySchema)
    .default([])
    .describe('Servers this plan must never touch: the identities of the production plan.'),
  roles: z.array(z.strictObject({ id, title: text, people: z.array(text).default([]) })).default([]),
  sites: z.array(siteSchema).min(2),
  hosts: z.array(hostSchema).min(1),
  accounts: z.strictObject({
    operator: credentialSchema.describe("The cockpit's own account; it passes read_only and has no DML."),
    plain: credentialSchema.describe(
      'The account that bypasses nothing: heartbeat, canary, proof of the fence.',
    ),
  }),
  instances: z.array(instanceSchema).min(2),
  chains: z.array(chainSchema).min(1).max(16),
  appFleets: z.array(fleetSchema).default([]),
  tunnels: z.array(tunnelSchema).default([]),
  dns: dnsSchema.optional(),
  residue: residueSchema.optional(),
  clients: z.array(clientSchema).default([]),
  checklists: z
    .array(
      z.strictObject({
        id,
        title: text,
        phase: z.enum(['preflight', 'go', 'close']),
        role: id.optional(),
        blocking: z.boolean().default(true),
      }),
    )
    .default([]),
  holds: z
    .array(z.strictObject({ before: z.enum(['lock', 'fence']), role: id.optional() }))
    .default([{ before: 'lock' }])
    .describe('Where a person must release the run. The first hold is always before the run lock.'),
  budgets: z
    .strictObject({
      writeFreezeMs: durationMs.default(10_000),
      userVisibleDowntimeMs: durationMs.default(60_000),
    })
    .prefault({}),
  limits: limitsSchema.prefault({}),
  onPartialPromotion: z.enum(['finish', 'reverse-all']).default('finish'),
  journalMirror: z.strictObject({ host: id, directory: path }).optional(),
  simulator: z
    .strictObject({
      seed: z.int().min(0).default(1),
      flavor: z.enum(['mariadb', 'mysql']).default('mariadb'),
      writersPerMaster: z.int().min(0).max(64).default(4),
      writesPerSecond: z.int().min(0).max(100_000).default(100).describe('Per source master.'),
      appliesPerSecond: z.int().min(1).max(1_000_000).default(3_000),
      scenario: path.optional().describe('A fault script, relative to this file.'),
    })
    .optional()
    .describe('The simulated world; only for environment simulator.'),
});
export type Plan = z.infer<typeof planSchema>;
/** A plan before defaults, as its author writes it. */
export type PlanInput = z.input<typeof planSchema>;
export type Limits = Plan['limits'];

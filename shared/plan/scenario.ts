import { z } from 'zod';
import type { OperationName } from '../sessions/operations.ts';
import { failed, ok, type Result } from '../lib/result.ts';
import { orderMistakes, type PlanMistake } from './mistake.ts';
import { clusterFaults, zoneFaults } from './dns-faults.ts';
import { readYaml } from './read-yaml.ts';
import { milliseconds, name, times } from './scenario-words.ts';
import { schemaMistakes } from './schema-mistakes.ts';
import type { Shape } from './shape.ts';
import { valueOf } from './tree.ts';

/**
 * A fault script: what goes wrong in the simulated world, where, and when. Scripts are data, so that a rehearsal card
 * can be chosen from a list, and a failure that a search found can be kept as a file.
 */

/** An instance by its id, or by its role in a chain. */
const instanceSchema = z
  .union([
    name,
    z.strictObject({
      role: z.enum(['source-master', 'source-slave', 'target-master', 'target-replica']),
      chain: name.optional().describe('Default: the first chain of the plan.'),
      nth: z.int().min(1).max(32).default(1),
    }),
  ])
  .describe('The id of an instance, or its role in a chain, so that one script fits every plan.');
export type InstanceChoice = z.infer<typeof instanceSchema>;

const hostSchema = z
  .union([
    name,
    z.strictObject({ appHost: z.int().min(1).max(500) }),
    z.strictObject({ hostOf: instanceSchema }),
  ])
  .describe('The id of a host, the nth application host, or the host of an instance.');
export type HostChoice = z.infer<typeof hostSchema>;

const operationTable: { readonly [K in OperationName]: true } = {
  identity: true,
  fastFacts: true,
  state: true,
  activity: true,
  survey: true,
  accounts: true,
  position: true,
  preparedTransactions: true,
  clientSessions: true,
  links: true,
  threadsAlive: true,
  runningStatements: true,
  openTransactions: true,
  mostWrittenTables: true,
  newestRows: true,
  tryGrants: true,
  waitApplied: true,
  readCanary: true,
  lockHolder: true,
  takeLock: true,
  releaseLock: true,
  fence: true,
  thaw: true,
  persistFence: true,
  unpersistFence: true,
  setEventScheduler: true,
  lockAccounts: true,
  cancelStatement: true,
  killThreads: true,
  stopLink: true,
  moveLink: true,
  startLink: true,
  removeLink: true,
  configureLink: true,
  promote: true,
  enableEvents: true,
  prepareSchema: true,
  removeSchema: true,
  beat: true,
  writeCanary: true,
  proveFence: true,
};

function isOperation(text: string): text is OperationName {
  return Object.hasOwn(operationTable, text);
}

const operationSchema = z
  .string()
  .refine(isOperation, 'an operation of the MySQL port')
  .transform((text, context) => {
    if (isOperation(text)) return text;
    context.addIssue({ code: 'custom', message: 'an operation of the MySQL port' });
    return z.NEVER;
  });
const purposeSchema = z.enum(['act', 'look', 'abort', 'watch', 'survey', 'plain']);

const whenSchema = z
  .union([
    z.strictObject({ atMs: milliseconds.describe('Since the world began.') }),
    z.strictObject({
      before: operationSchema,
      on: instanceSchema.optional(),
      count: times.describe('Which time it is seen.'),
    }),
    z.strictObject({
      after: operationSchema,
      on: instanceSchema.optional(),
      count: times,
      delayMs: milliseconds.default(0),
    }),
    z.strictObject({
      step: z.string().min(1).max(80).describe('A step key or id: fence, fence:orders.'),
      state: z.enum(['running', 'done', 'failed']).default('running'),
    }),
  ])
  .describe('When it happens: once.');
export type When = z.infer<typeof whenSchema>;

const on = instanceSchema;
/** Everything that can go wrong. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('lag-spike'),
    on,
    appliesPerSecond: z.number().min(0.01).max(1_000_000),
    forMs: milliseconds,
  }),
  z.strictObject({
    kind: z.literal('long-transaction'),
    on,
    how: z
      .enum(['running', 'idle', 'lock-tables', 'semi-sync', 'ddl', 'lock-queue', 'fragile', 'backup'])
      .default('running')
      .describe(
        'idle and backup keep no fence waiting, all others do; semi-sync cannot be killed, and fragile (a table without transactions) must not. lock-queue: an ALTER that waits for an idle transaction.',
      ),
    user: name.default('batch'),
    rows: z.int().min(0).max(10_000_000).default(20_000),
    forMs: milliseconds,
  }),
  z.strictObject({ kind: z.literal('slow-commit'), on, extraMs: milliseconds, forMs: milliseconds }),
  z.strictObject({ kind: z.literal('lost-session'), on, purpose: purposeSchema }),
  z.strictObject({
    kind: z.literal('reply'),
    on,
    operation: operationSchema,
    purpose: purposeSchema.optional(),
    way: z.enum(['error', 'none', 'lost-after-effect', 'late']),
    code: z.int().min(1).max(65_535).default(1105),
    ms: milliseconds.default(5_000),
    times,
  }),
  z.strictObject({
    kind: z.literal('refused-login'),
    on,
    why: z.enum(['wrong-password', 'tls', 'too-many-connections']),
    purpose: purposeSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal('server-killed'),
    on,
    downMs: milliseconds.nullable().default(2_200).describe('null: it stays down.'),
  }),
  z.strictObject({
    kind: z
      .literal('server-replaced')
      .describe('It dies, and a copy with an identity of its own answers at its address.'),
    on,
    downMs: milliseconds.default(2_200),
  }),
  z.strictObject({
    kind: z
      .literal('kept-session')
      .describe('An application host connects once more, by a name that it still remembers, and stays.'),
    on,
    from: hostSchema,
  }),
  z.strictObject({ kind: z.literal('server-paused'), on, forMs: milliseconds }),
  z.strictObject({ kind: z.literal('writable'), on, writesPerSecond: z.int().min(0).max(1_000).default(0) }),
  z.strictObject({ kind: z.literal('wrong-source'), on, source: instanceSchema }),
  z.strictObject({
    kind: z.literal('applier-stopped'),
    on,
    code: z.int().min(0).max(65_535).default(0),
    forMs: milliseconds.optional(),
  }),
  z.strictObject({ kind: z.literal('errant-transaction'), on }),
  z.strictObject({
    kind: z.literal('late-write'),
    on,
    count: times.describe('Writes that read_only does not stop.'),
  }),
  z.strictObject({ kind: z.literal('prepared-transaction'), on, commitAfterMs: milliseconds.optional() }),
  z.strictObject({ kind: z.literal('bypass-account'), on, user: name.default('legacy_admin') }),
  z.strictObject({ kind: z.literal('table-without-key'), on, table: z.string().min(3).max(129) }),
  z.strictObject({
    kind: z.literal('setting'),
    on,
    durable: z.boolean().optional(),
    logReplicaUpdates: z.boolean().optional(),
    duplicateServerIdOf: instanceSchema.optional(),
  }),
  z.strictObject({ kind: z.literal('clock-offset'), on, offsetMs: z.int().min(-86_400_000).max(86_400_000) }),
  z.strictObject({ kind: z.literal('host-unreachable'), host: hostSchema, forMs: milliseconds.optional() }),
  z.strictObject({
    kind: z.literal('host-reply').describe('The next lines over SSH that change this host fail in this way.'),
    host: hostSchema,
    way: z.enum(['error', 'none', 'lost-after-effect', 'late']),
    code: z.int().min(1).max(255).default(1),
    ms: milliseconds.default(5_000),
    times,
  }),
  z.strictObject({ kind: z.literal('lost-channel'), host: hostSchema }),
  z.strictObject({ kind: z.literal('host-key'), host: hostSchema, state: z.enum(['unknown', 'changed']) }),
  z.strictObject({
    kind: z.literal('failed-switch'),
    host: hostSchema,
    code: z.int().min(1).max(255).default(1),
    output: z.string().max(400).default('switch-site: cannot write /etc/site: No space left on device'),
    delayMs: milliseconds.default(40),
    times,
  }),
  z.strictObject({
    kind: z.literal('partition'),
    between: z.tuple([name, name]).describe('Two sites; `laptop` is this computer.'),
    forMs: milliseconds.nullable(),
  }),
  ...zoneFaults,
  ...clusterFaults,
]);
export type Fault = z.infer<typeof faultSchema>;

export const scenarioSchema = z.strictObject({
  title: z.string().min(1).max(120),
  says: z.string().min(1).max(600).describe('What happens, and what the cockpit must make of it.'),
  expect: z
    .enum(['done', 'not-started', 'thawed', 'reversed', 'needs-operator'])
    .describe('How a run under this script must end.'),
  faults: z
    .array(z.strictObject({ when: whenSchema, fault: faultSchema }))
    .min(1)
    .max(50),
});
export type Scenario = z.infer<typeof scenarioSchema>;
export type ScriptedFault = Scenario['faults'][number];

/** What editors and messages are told of a scenario's shape. */
const shape: Shape = z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' }) as Shape;

/** Parses the text of a scenario file; every mistake with its line and column, as for plans. */
export function parseScenario(text: string, file: string): Result<Scenario, readonly PlanMistake[]> {
  const read = readYaml(text);
  if (!read.ok) return failed(read.error.map((mistake) => ({ file, ...mistake })));
  const parsed = scenarioSchema.safeParse(valueOf(read.value.tree));
  if (parsed.success && read.value.mistakes.length === 0) return ok(parsed.data);
  const mistakes = [
    ...read.value.mistakes,
    ...(parsed.success ? [] : schemaMistakes(parsed.error.issues, read.value.tree, shape)),
  ];
  return failed(orderMistakes(mistakes).map((mistake) => ({ file, ...mistake })));
}

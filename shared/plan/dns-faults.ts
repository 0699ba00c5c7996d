import { z } from 'zod';
import { milliseconds, name, times } from './scenario-words.ts';

const zone = name.optional().describe('A DNS zone of the plan; default: all of them.');
/** What can go wrong at Route 53's control plane. */
export const zoneFaults = [
  z.strictObject({
    kind: z.literal('zone-reply'),
    zone,
    ask: z.enum(['facts', 'list', 'listNames', 'change', 'changeState']).default('change'),
    way: z.enum(['throttled', 'prior-request', 'error', 'lost', 'lost-after-effect']),
    times,
    forMs: milliseconds.optional().describe('Every such call for so long, instead of so many times.'),
  }),
  z.strictObject({
    kind: z.literal('zone-changed'),
    zone,
    how: z
      .enum(['other-value', 'removed', 'already-after'])
      .describe('What somebody else does with the first record set of the plan in it.'),
  }),
  z.strictObject({
    kind: z.literal('zone-unreachable'),
    zone,
    forMs: milliseconds.nullable().describe('The control plane does not answer; null: until the end.'),
  }),
  z.strictObject({
    kind: z.literal('credentials-expired'),
    zone,
  }),
] as const;

const routingState = z.enum(['On', 'Off']);

/** What can go wrong at the cluster of ARC whose routing controls a flip turns. */
export const clusterFaults = [
  z.strictObject({
    kind: z
      .literal('cluster-endpoint')
      .describe('An endpoint of the cluster of ARC is away; in a plan without routing controls nothing is.'),
    nth: z.int().min(1).max(5).optional().describe('The nth endpoint of the plan; default: all of them.'),
    how: z.enum(['unavailable', 'silent']),
    forMs: milliseconds.nullable().describe('null: until the end.'),
  }),
  z.strictObject({
    kind: z.literal('cluster-reply').describe('What becomes of the next calls that set routing controls.'),
    way: z
      .enum(['lost', 'lost-after-effect', 'late', 'behind-limit'])
      .describe(
        'late: ARC says that it took the states, and they are in force only after a while. behind-limit: the call reaches ARC only when whoever sent it has given up, and is taken then.',
      ),
    ms: milliseconds
      .default(1_000)
      .describe('How late; behind-limit: counted from the time limit of the call.'),
    times,
  }),
  z.strictObject({
    kind: z.literal('cluster-rule').describe('A safety rule of ARC refuses every change of the states.'),
    says: z.string().min(1).max(200).default('The safety rule one-side-on forbids these states.'),
    forMs: milliseconds.nullable().describe('null: until the end.'),
  }),
  z.strictObject({
    kind: z.literal('cluster-changed').describe('Somebody else turns the routing controls of each side.'),
    source: routingState,
    target: routingState,
  }),
] as const;

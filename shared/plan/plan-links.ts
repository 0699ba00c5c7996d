import { z } from 'zod';
import { credentialSchema, id, tlsSchema } from './plan-words.ts';

/** A channel or connection name. */
export const channelName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{0,64}$/, 'a channel name of letters, digits, _ or -');

/** The account and the line of one direction. */
export const directionSchema = z.strictObject({
  account: credentialSchema,
  tls: tlsSchema.default({ mode: 'REQUIRED' }),
});

/** What a run in the other direction stopped on this side. Reverse writes it from the journal that it turns round. */
export const restoreSchema = z.strictObject({
  ring: z
    .strictObject({ instance: id, from: id, channel: channelName })
    .optional()
    .describe('The link of a target master that closes their ring once they take writes.'),
  eventSchedulers: z
    .array(id)
    .max(40)
    .default([])
    .describe('Target nodes whose event scheduler is on once the masters take writes.'),
  lockedAccounts: z
    .array(z.strictObject({ instance: id, accounts: z.array(z.string().min(1).max(300)).min(1).max(64) }))
    .max(40)
    .optional()
    .describe('Accounts on target nodes that an earlier run locked: unlocked once the masters take writes.'),
});

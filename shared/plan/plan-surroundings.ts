import { z } from 'zod';
import {
  argv,
  credentialSchema,
  durationMs,
  hostFile,
  id,
  mysqlName,
  tableName,
  text,
} from './plan-words.ts';

/** What surrounds the databases: application fleets, tunnels and the synthetic clients; DNS has a file of its own. */

/** Application hosts and how each is told its site. */
export const fleetSchema = z.strictObject({
  id,
  hosts: z
    .array(
      z.strictObject({
        host: id,
        source: id.describe('The site it uses before.'),
        target: id.describe('The site it uses afterwards.'),
      }),
    )
    .min(1)
    .max(500),
  switch: z.record(id, argv).describe('Per site: the command that makes a host use that site.'),
  verify: argv.describe('Prints the id of the site in use.'),
  maintenance: z.strictObject({ on: argv, off: argv }).optional(),
  accounts: z.array(mysqlName).max(50).default([]).describe("The application's MySQL accounts."),
});
export type AppFleet = z.infer<typeof fleetSchema>;

/** A site-to-site tunnel. */
export const tunnelSchema = z.strictObject({
  id,
  source: id,
  target: id,
  host: id.describe('The host that runs OpenVPN.'),
  interface: id.default('tun0'),
  statusFile: hostFile
    .optional()
    .describe(
      'What OpenVPN there writes with --status: preflight reads it over SSH, for who is connected, bytes that move, and its age.',
    ),
});

/** The synthetic clients whose logs give the official figures. */
export const clientSchema = z.union([
  z.strictObject({
    id,
    kind: z.literal('http'),
    chain: id,
    region: id.describe('The site whose users it stands for.'),
    writeUrl: z.url().describe('POST with a unique id; 200 acknowledges, 503 refuses, all else is unknown.'),
    readUrl: z.url().describe('GET with the id appended.'),
    intervalMs: durationMs.default(20),
    limitMs: durationMs.default(2_000),
  }),
  z.strictObject({
    id,
    kind: z.literal('mysql'),
    chain: id,
    account: credentialSchema,
    source: id.describe('The source master it writes to.'),
    target: id.describe('The target master it writes to.'),
    table: tableName.describe(
      'A table with columns id (text, key), client (text), n (integer), at (datetime(6)).',
    ),
    intervalMs: durationMs.default(5),
    limitMs: durationMs.default(2_000),
  }),
]);
export type SyntheticClient = z.infer<typeof clientSchema>;

/** Who may still arrive on the source side after the switch, where that is seen, and whose it is. */
export const residueSchema = z.strictObject({
  quietMs: durationMs
    .default(1_800_000)
    .describe('So long nobody may have been seen on the source side before it may go dark.'),
  edges: z
    .array(
      z.union([
        z.strictObject({
          id,
          host: id.describe('The host that runs HAProxy.'),
          socket: hostFile.describe("HAProxy's runtime socket on that host."),
          frontends: z.array(text).min(1).max(50).describe('The frontends that users come in by.'),
        }),
        z.strictObject({
          id,
          host: id,
          log: hostFile.describe('An access log on that host: one line a request.'),
        }),
      ]),
    )
    .max(50)
    .default([])
    .describe('Where requests come in, on either side: those at a source site are counted.'),
  owners: z
    .array(
      z.strictObject({
        owner: text.describe('Who is asked to leave.'),
        account: mysqlName.optional(),
        address: text.optional().describe('How the address or host name begins.'),
        mayStay: z.boolean().default(false).describe('Monitoring, say: shown, and no reason to wait.'),
      }),
    )
    .max(200)
    .default([])
    .describe('The first that fits an account and an address is its owner.'),
});
export type PlannedResidue = z.infer<typeof residueSchema>;

/** Without a word of the plan: half an hour of quiet, no edges, no owners. */
export const plainResidue: PlannedResidue = { quietMs: 1_800_000, edges: [], owners: [] };

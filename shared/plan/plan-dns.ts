import { z } from 'zod';
import { flipSchema } from './plan-flip.ts';
import { address, awsRegion, durationMs, id, port, text } from './plan-words.ts';

/** What the plan says of DNS: zones, health checks, record sets before and after, and who is asked what they answer. */

const ttlSeconds = z.int().min(0).max(604_800);

const zoneSchema = z.strictObject({
  id,
  hostedZoneId: z
    .string()
    .regex(/^Z[A-Za-z0-9]{1,31}$/, 'a hosted zone id of Route 53, which begins with Z')
    .describe('The hosted zone id of Route 53, which begins with Z.'),
  name: address,
  view: z
    .enum(['public', 'private'])
    .default('public')
    .describe(
      'A private zone of the same name is a zone of its own: it has other records and other resolvers.',
    ),
  profile: id
    .optional()
    .describe("The profile of the AWS configuration that may change it; default: the SDK's own chain."),
  account: z
    .string()
    .regex(/^\d{12}$/, 'the 12 digits of an AWS account, as a text in quotes')
    .optional()
    .describe('The 12 digits of the AWS account that must be found behind the profile.'),
  scratchName: address
    .optional()
    .describe(
      'A name inside the zone that nothing uses. In a rehearsal the whole change and its way back are made under it, and taken away; not for production.',
    ),
});
export type DnsZone = z.infer<typeof zoneSchema>;

/** Regions that Route 53 looks from; an empty list means all of them. */
const checkerRegion = z.enum([
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'sa-east-1',
]);

const healthCheckCommon = {
  id,
  healthCheckId: text
    .optional()
    .describe('Its id in Route 53; without one, cockpit dns health PLAN --create makes it and says the id.'),
  stableIntervals: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('How many intervals on end it must be seen healthy before the run.'),
};

const endpointCheckCommon = {
  ...healthCheckCommon,
  address: address.describe('The IP address or host name that the checkers connect to.'),
  port,
  intervalSeconds: z.union([z.literal(10), z.literal(30)]).default(30),
  failureThreshold: z.int().min(1).max(10).default(3),
  regions: z.array(checkerRegion).default([]).describe('Checker regions, at least three; default: all.'),
};

const healthCheckSchema = z.union([
  z.strictObject({
    ...endpointCheckCommon,
    type: z.enum(['HTTP', 'HTTPS', 'HTTP_STR_MATCH', 'HTTPS_STR_MATCH']),
    path: z
      .string()
      .regex(/^\/[\x21-\x7e]{0,254}$/, 'a path that begins with /, at most 255 characters')
      .describe('The path that is asked for.'),
    hostName: address.optional().describe('The Host header, and the name asked for in TLS.'),
    searchString: z.string().min(1).max(255).optional().describe('Only for the types that end in STR_MATCH.'),
    dependsOnWrites: z
      .boolean()
      .describe(
        'Whether the path answers only while the database takes writes: in the minute every endpoint would turn unhealthy at once.',
      ),
  }),
  z.strictObject({ ...endpointCheckCommon, type: z.literal('TCP') }),
  z.strictObject({
    ...healthCheckCommon,
    type: z.literal('EXISTING').describe('A check of another kind: watched, never created or compared.'),
    healthCheckId: text.describe('Its id in Route 53.'),
  }),
]);
export type PlannedHealthCheck = z.infer<typeof healthCheckSchema>;

/** What makes Route 53 choose among the record sets of one name and type; without any the set is the only one. */
const routingSchema = {
  region: awsRegion.optional().describe('Latency-based: the AWS region whose users get this record set.'),
  weight: z.int().min(0).max(255).optional().describe('Weighted: its share among all weights of the name.'),
  failover: z.enum(['PRIMARY', 'SECONDARY']).optional(),
  healthCheck: id.optional().describe('A health check of this plan.'),
};

/** A record set on one side of the change: values with their TTL, an alias, or nothing at all. */
const sideSchema = z.union([
  z.strictObject({ ttlSeconds, values: z.array(address).min(1).max(400), ...routingSchema }),
  z.strictObject({
    alias: z.strictObject({
      hostedZoneId: z
        .string()
        .regex(/^Z[A-Za-z0-9]{1,31}$/, 'a hosted zone id of Route 53, which begins with Z')
        .describe('The hosted zone id of the target, or of the AWS service and region it belongs to.'),
      name: address,
      evaluateTargetHealth: z.boolean(),
    }),
    ...routingSchema,
  }),
  z.literal('absent'),
]);
export type PlannedSide = z.infer<typeof sideSchema>;

const recordSchema = z.strictObject({
  zone: id,
  name: z
    .string()
    .regex(/^(\*\.)?[A-Za-z0-9_][A-Za-z0-9._-]{0,251}$/, 'a host name; only its first label may be *')
    .describe('The full name of the record set.'),
  type: z.enum(['A', 'AAAA', 'CNAME']),
  setIdentifier: z.string().min(1).max(128).optional(),
  before: sideSchema.describe(
    'What the zone holds today. The change is refused where it holds anything else; absent: it is created.',
  ),
  after: sideSchema.describe('What it holds after the minute; absent: it is deleted.'),
});
export type PlannedRecord = z.infer<typeof recordSchema>;

const resolverSchema = z.strictObject({
  id,
  address: address.describe('An IP address: nothing is looked up to ask a resolver.'),
  port: port.default(53),
  region: awsRegion.optional().describe('The region whose record set it is expected to answer.'),
  view: z.enum(['public', 'private']).default('public').describe('Which of two zones of one name it sees.'),
  clientSubnet: z
    .boolean()
    .default(false)
    .describe(
      'Whether it passes the client subnet on. One that does not answers for its own place, whoever asks.',
    ),
});
export type PlannedResolver = z.infer<typeof resolverSchema>;

const emulatorSchema = z
  .strictObject({
    apiPort: port.describe('Where it answers as Route 53 and STS, on 127.0.0.1.'),
    dnsPort: port.describe('Where it answers as every server of the zones, on 127.0.0.1.'),
  })
  .describe(
    'A rehearsal on the Route 53 of `lab route53`, on this machine: no real zone is asked or changed, and no real credentials are used. Only in a staging plan.',
  );
export type PlannedEmulator = z.infer<typeof emulatorSchema>;

/** Zones, health checks, records before and after, and the resolvers that are asked. */
export const dnsSchema = z.strictObject({
  emulator: emulatorSchema.optional(),
  zones: z.array(zoneSchema).max(50),
  healthChecks: z.array(healthCheckSchema).max(200).default([]),
  records: z.array(recordSchema).max(500),
  flip: flipSchema.optional(),
  users: z
    .array(
      z.strictObject({
        id,
        clientSubnet: text.describe('A network that stands for them, such as 192.0.2.0/24.'),
        region: awsRegion.describe('The region whose record set they are expected to get.'),
      }),
    )
    .max(64)
    .default([])
    .describe('Where the users are: each is asked for at every resolver that passes the client subnet on.'),
  resolvers: z.array(resolverSchema).max(500).default([]),
  offices: z
    .array(
      z.strictObject({
        id,
        host: id.describe(
          'A host of this plan in the office; names are looked up there by its own ways, over SSH.',
        ),
        region: awsRegion.optional().describe('The region whose record set the office is expected to get.'),
      }),
    )
    .max(100)
    .default([])
    .describe('Places of users whose own resolver is asked, as that of each application host is.'),
  runway: z
    .strictObject({
      ttlSeconds: ttlSeconds
        .min(1)
        .default(60)
        .describe(
          'Days before, the TTLs of the records that change are lowered to this; Close restores them.',
        ),
      marginMs: durationMs.default(5_000).describe('Waited beyond the longest old TTL.'),
    })
    .prefault({}),
  insyncMs: durationMs
    .default(180_000)
    .describe(
      'So long a run that nobody watches waits for Route 53 to say INSYNC, after its change was taken, before it ends.',
    ),
  safety: z
    .strictObject({
      changedPercent: z.int().min(0).max(100).default(30),
      deletedPercent: z.int().min(0).max(100).default(30),
      fromRecords: z.int().min(0).max(10_000).default(10).describe('Smaller zones have no thresholds.'),
    })
    .prefault({})
    .describe('A change of more of a zone than this needs a person who types the count.'),
});
export type PlannedDns = z.infer<typeof dnsSchema>;

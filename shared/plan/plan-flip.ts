import { z } from 'zod';
import { awsRegion, id } from './plan-words.ts';

const standsFor = z.enum(['source', 'target']);
const turnedCheck = 'The health check of this plan that ';

/** ARC's routing controls: switches that Route 53's health checks follow, set through any of the cluster's five endpoints. */
const clusterSchema = z
  .strictObject({
    profile: id
      .optional()
      .describe("The profile of the AWS configuration that may set them; default: the SDK's own chain."),
    endpoints: z
      .array(
        z.strictObject({
          url: z
            .string()
            .regex(
              /^https:\/\/[A-Za-z0-9][A-Za-z0-9.-]{0,252}(\/v1)?\/?$/,
              'an https URL of a cluster endpoint',
            )
            .describe(
              'As DescribeCluster names it, such as https://aaaaaaaa.route53-recovery-cluster.us-east-1.amazonaws.com/v1.',
            ),
          region: awsRegion,
        }),
      )
      .min(1)
      .max(5)
      .describe(
        'Every endpoint of the cluster, in the order in which they are tried: AWS takes one or two of them away for maintenance.',
      ),
    controls: z
      .array(
        z.strictObject({
          arn: z
            .string()
            .regex(
              /^arn:aws[a-z-]*:route53-recovery-control::\d{12}:controlpanel\/[A-Za-z0-9]+\/routingcontrol\/[A-Za-z0-9]+$/,
              'the ARN of a routing control',
            )
            .describe('The ARN of the routing control.'),
          standsFor: standsFor.describe(
            'source: it is On before the minute and turned Off in it; target: it is turned On in it.',
          ),
          healthCheck: id.describe(`${turnedCheck}is of type RECOVERY_CONTROL for it.`),
        }),
      )
      .min(1)
      .max(10)
      .describe('All of them are set in one call, which ARC takes as a whole or not at all.'),
    followSeconds: z
      .int()
      .min(1)
      .max(600)
      .default(10)
      .describe(
        'How long Route 53 takes to answer by a routing control that was turned; AWS names no figure, a rehearsal measures it.',
      ),
  })
  .describe('The cluster of ARC and the routing controls in it; only for by: routing-controls.');

/**
 * The data-plane flip: the zone holds the answers of both sides already, and which of them Route 53 gives is decided by
 * its health checks. So the switch is what these look at, a file on hosts of the plan or a routing control of ARC, and
 * nothing of Route 53's own control plane is needed in the minute.
 */
export const flipSchema = z
  .strictObject({
    by: z
      .enum(['files', 'routing-controls'])
      .default('files')
      .describe(
        'What turns the health checks. files: an endpoint is healthy as long as a file is there; routing-controls: a health check follows a switch of ARC.',
      ),
    files: z
      .array(
        z.strictObject({
          host: id.describe('The host of the plan on which the checked endpoint looks for the file.'),
          path: z
            .string()
            .regex(/^\/[^\0\n\r]{1,1022}$/, 'a full path on the host')
            .describe('The file that the endpoint looks for.'),
          standsFor: standsFor.describe(
            'source: it is there before the minute and is taken away in it; target: it is put there in the minute.',
          ),
          healthCheck: id.describe(`${turnedCheck}is healthy only while the file is there.`),
        }),
      )
      .max(100)
      .default([])
      .describe('Only for by: files, and at least one there.'),
    content: z
      .string()
      .max(4096)
      .default('serving\n')
      .describe('What is written into a file that is put in place.'),
    cluster: clusterSchema.optional(),
    batch: z
      .enum(['plan-b', 'also'])
      .default('plan-b')
      .describe(
        'The change of the record sets from before to after. plan-b: only when a person presses for it; also: sent by itself behind the flip.',
      ),
  })
  .describe(
    'Announces by turning health checks, without the control plane of Route 53: record sets of both sides stand in the zone beforehand.',
  );
export type PlannedFlip = z.infer<typeof flipSchema>;
export type FlipFile = PlannedFlip['files'][number];
export type FlipCluster = z.infer<typeof clusterSchema>;
export type ClusterEndpoint = FlipCluster['endpoints'][number];
export type RoutingControl = FlipCluster['controls'][number];

/** A health check that the flip turns, and for whose side it is healthy. */
export type FlipTurn = Pick<FlipFile, 'standsFor' | 'healthCheck'>;

/** Every health check that a flip turns, by whichever kind; none where there is no flip. */
export function flipTurns(flip: PlannedFlip | undefined): readonly FlipTurn[] {
  return flip === undefined ? [] : [...flip.files, ...(flip.cluster?.controls ?? [])];
}

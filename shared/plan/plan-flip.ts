import { z } from 'zod';
import { id } from './plan-words.ts';

/**
 * The data-plane flip: the zone holds the answers of both sides already, and which of them Route 53 gives is decided by
 * what the checked endpoints answer. So the switch is a file on hosts of the plan, and nothing of Route 53's own control
 * plane is needed in the minute.
 */
export const flipSchema = z
  .strictObject({
    by: z
      .enum(['files', 'routing-controls'])
      .default('files')
      .describe(
        'What turns the health checks. files: an endpoint is healthy as long as a file is there. routing-controls (ARC) are not driven yet, and refused.',
      ),
    files: z
      .array(
        z.strictObject({
          host: id.describe('The host of the plan on which the checked endpoint looks for the file.'),
          path: z
            .string()
            .regex(/^\/[^\0\n\r]{1,1022}$/, 'a full path on the host')
            .describe('The file that the endpoint looks for.'),
          standsFor: z
            .enum(['source', 'target'])
            .describe(
              'source: it is there before the minute and is taken away in it; target: it is put there in the minute.',
            ),
          healthCheck: id.describe(
            'The health check of this plan that is healthy only while the file is there.',
          ),
        }),
      )
      .min(1)
      .max(100),
    content: z
      .string()
      .max(4096)
      .default('serving\n')
      .describe('What is written into a file that is put in place.'),
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

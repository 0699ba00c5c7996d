import { z } from 'zod';
import { planSchema } from './plan.ts';

/** The plan file's JSON Schema (draft 2020-12), for editors: resources/schema/plan.schema.json is its copy on disk. */
export function planJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(planSchema, { io: 'input' });
  return {
    $schema: schema.$schema,
    title: 'Cutover plan',
    description: 'Schema version 1 of the plan file of the cutover cockpit. Generated: `cockpit schema`.',
    ...schema,
  };
}

import { z } from 'zod';

const endSchema = z.strictObject({
  address: z.string(),
  port: z.int(),
  tls: z
    .strictObject({
      ca: z.string().nullable(),
      verify: z.enum(['nothing', 'authority', 'identity']),
      serverName: z.string().nullable(),
    })
    .nullable(),
  trustsServerKey: z.boolean(),
});
/** How an application reaches one server: straight, as it will on the night, not through the cockpit's SSH. */
export type AppEnd = z.infer<typeof endSchema>;

const common = {
  client: z.string(),
  chain: z.string(),
  logFile: z.string(),
  intervalMs: z.number(),
  limitMs: z.number(),
};

/**
 * What a client process is told, once, as one line on its standard input: passwords stand neither on a command line, nor
 * in the environment, nor in a file.
 */
export const clientConfigSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.literal('http'), writeUrl: z.string(), readUrl: z.string() }),
  z.strictObject({
    ...common,
    kind: z.literal('mysql'),
    table: z.string(),
    user: z.string(),
    password: z.string(),
    source: endSchema,
    target: endSchema,
  }),
]);
export type ClientConfig = z.infer<typeof clientConfigSchema>;
export type HttpConfig = Extract<ClientConfig, { readonly kind: 'http' }>;
export type MysqlConfig = Extract<ClientConfig, { readonly kind: 'mysql' }>;

/** How every id of a client begins: it tells later which client wrote it. Ids stay within 64 characters. */
export function idPrefix(client: string): string {
  return `${client.slice(0, 36)}:`;
}

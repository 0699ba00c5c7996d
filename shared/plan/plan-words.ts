import { z } from 'zod';

/** The small parts the plan's schema is made of: names, paths, addresses, credentials, TLS. */

/** A name within the plan. */
export const id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'a name of letters, digits, dot, dash or underscore, at most 64',
  )
  .describe('A name, unique within its section.');
/** A short text. */
export const text = z.string().min(1).max(400);
/** A file path. */
export const path = z
  .string()
  .min(1)
  .max(1024)
  .describe('A file path; a leading ~/ is the home of the user who runs the cockpit.');
/** A file on a host of the plan, never on this laptop. */
export const hostFile = z
  .string()
  .regex(/^~?\/[^\0\n\r]{1,1022}$/, 'a full path on the host, or one that begins with ~/')
  .describe('A file on the host; a leading ~/ is the home of the account that SSH logs in as there.');
/** A host name or IP address. */
export const address = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9.:_-]{0,253}$/, 'a host name or an IP address')
  .describe('A host name or IP address. Resolved once, before the hold.');
/** An AWS region, by its own name. */
export const awsRegion = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/, 'an AWS region such as us-east-1')
  .describe('An AWS region such as us-east-1.');
/** A TCP port. */
export const port = z.int().min(1).max(65535);
/** A time in milliseconds, at most a day. */
export const durationMs = z.int().min(0).max(86_400_000);
/** A name inside a MySQL server. */
export const mysqlName = z
  .string()
  .regex(/^[A-Za-z0-9_$-]{1,64}$/, 'a MySQL name of letters, digits, _, $ or -');
/** A table with its schema. */
export const tableName = z
  .string()
  .regex(/^[A-Za-z0-9_$-]{1,64}\.[A-Za-z0-9_$-]{1,64}$/, 'a table as schema.table')
  .describe('A table, written schema.table.');
/** A command without a shell. */
export const argv = z
  .array(
    z
      .string()
      .min(1)
      .max(1024)
      .regex(/^[^\0\n\r]*$/, 'one argument without line breaks'),
  )
  .min(1)
  .max(32)
  .describe('A command as a list of arguments; no shell reads it.');

/** Where an account's name and password are found; never the password itself. */
export const credentialSchema = z
  .union([
    z.strictObject({ loginPath: id.describe('A login path of mysql_config_editor.') }),
    z.strictObject({
      optionFile: path.describe('A my.cnf style file.'),
      group: id.optional().describe('Its group; default: client.'),
    }),
    z.strictObject({
      user: mysqlName,
      environment: z
        .string()
        .regex(/^[A-Z][A-Z0-9_]{0,127}$/, 'the name of an environment variable in capitals, digits and _')
        .describe('The environment variable with the password.'),
    }),
    z.strictObject({
      user: mysqlName,
      keychain: text.describe("The entry of the operating system's keychain."),
    }),
  ])
  .describe('A reference to an account: login path, option file, environment variable or keychain entry.');
export type Credential = z.infer<typeof credentialSchema>;

/** MySQL's own names of the TLS modes. */
export const tlsSchema = z.strictObject({
  mode: z.enum(['DISABLED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY']),
  ca: path.optional().describe('PEM file of the certificate authority.'),
  serverName: address.optional().describe('The name the certificate must carry, when it is not the address.'),
});
export type Tls = z.infer<typeof tlsSchema>;

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor, redacted } from '../../../shared/audit/redact.ts';

const canary = `c4n'ary"\\ p/ä+ss&<w>%_=\t1`;

/** Everything that is known to rewrite a password on its way into a text. */
const travels: readonly (readonly [string, (secret: string) => string])[] = [
  ['as it is', (secret) => secret],
  ['URL component', (secret) => encodeURIComponent(secret)],
  [
    'URL component, lower case',
    (secret) => encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase()),
  ],
  ['form field', (secret) => encodeURIComponent(secret).replaceAll('%20', '+')],
  ['JSON', (secret) => JSON.stringify({ secret })],
  ['JSON in JSON', (secret) => JSON.stringify({ text: JSON.stringify({ secret }) })],
  ['base64', (secret) => Buffer.from(secret).toString('base64')],
  ['base64url', (secret) => Buffer.from(secret).toString('base64url')],
  ['basic authentication', (secret) => Buffer.from(`user:${secret}`).toString('base64')],
  ['basic authentication of another length', (secret) => Buffer.from(`users:${secret}:x`).toString('base64')],
  ['hex', (secret) => Buffer.from(secret).toString('hex')],
  ['SQL, standard', (secret) => `'${secret.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`],
  ['shell', (secret) => `'${secret.replaceAll("'", `'\\''`)}'`],
];

describe('a registered secret', () => {
  test.each(travels)('is found as %s', (_, travel) => {
    const redactor = createRedactor();
    redactor.register(canary);
    const text = `before ${travel(canary)} after`;
    const clean = redactor.redact(text);
    expect(clean).toContain(redacted);
    expect(clean).not.toContain(travel(canary));
    expect(clean.startsWith('before ') && clean.endsWith(' after')).toBe(true);
  });

  test('is found in every text of a value, keys included', () => {
    const redactor = createRedactor();
    redactor.register('tr0ub4dor');
    const deep = { a: ['x tr0ub4dor', { tr0ub4dor: 1 }], b: { c: null, d: 3, e: true } };
    expect(redactor.redactDeep(deep)).toEqual({
      a: [`x ${redacted}`, { [redacted]: 1 }],
      b: { c: null, d: 3, e: true },
    });
  });

  test('goes as a whole when another secret is part of it', () => {
    const redactor = createRedactor();
    redactor.register('horse');
    redactor.register('correct horse battery');
    expect(redactor.redact('correct horse battery, horse')).toBe(`${redacted}, ${redacted}`);
  });

  test('is found line by line when it is a key file', () => {
    const redactor = createRedactor();
    redactor.register('-----BEGIN KEY-----\nAAAAB3NzaC1yc2EAAAADAQABAAAB\nzzzzB3NzaC1yc2EAAAADAQABAAAB\n');
    expect(redactor.redact('error near zzzzB3NzaC1yc2EAAAADAQABAAAB')).toBe(`error near ${redacted}`);
  });

  test('never survives, whatever it is and wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 4, maxLength: 40, unit: 'binary' }),
        fc.nat(travels.length - 1),
        (secret, index) => {
          const redactor = createRedactor();
          redactor.register(secret);
          const travelled = travels[index]?.[1](secret.toWellFormed()) ?? '';
          fc.pre(secret.isWellFormed() && travelled.includes(secret) && !redacted.includes(secret));
          expect(redactor.redact(`a ${travelled} z`).includes(secret)).toBe(false);
        },
      ),
    );
  });
});

test('a secret that is too short is refused, so that its owner can be told', () => {
  const redactor = createRedactor();
  expect(redactor.register('abc')).toBe('too-short');
  expect(redactor.register('')).toBe('too-short');
  expect(redactor.redact('abc')).toBe('abc');
  expect(redactor.register('abcd')).toBe('registered');
});

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../../shared/lib/canonical-json.ts';
import { sha256 } from '../../../shared/lib/sha256.ts';
import { utf8Bytes } from '../../../shared/lib/utf8.ts';

test('SHA-256 is the platform’s for any text of any length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
    }),
  );
  for (const length of [54, 55, 56, 57, 63, 64, 65, 119, 120])
    expect(sha256('x'.repeat(length))).toBe(createHash('sha256').update('x'.repeat(length)).digest('hex'));
});

test('UTF-8 is the platform’s, lone surrogates included', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff)), (units) => {
      const text = String.fromCharCode(...units);
      expect(utf8Bytes(text)).toEqual([...Buffer.from(text)]);
    }),
  );
});

test('canonical JSON is one text for one value, and any value has one', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      fc.pre(value !== undefined && typeof value !== 'symbol');
      const text = canonicalJson({ value });
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
  expect(canonicalJson({ b: 1, a: [undefined, Number.NaN, 1n, '\ud800'] })).toBe(
    '{"a":[null,null,"1","\ufffd"],"b":1}',
  );
});

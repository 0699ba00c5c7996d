import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  quoteChannel,
  quoteGtid,
  quoteLogFile,
  quoteName,
  quoteQualified,
  quoteText,
  quoteUtc,
  quoteWhole,
  UnsafeValue,
} from '../../../shared/sessions/dialect-quote.ts';

describe('quoting', () => {
  test('a text literal reads back as the same text', () => {
    // The server's own rules: a doubled quote is one, a backslash takes the next character.
    const read = (literal: string): string => {
      expect(literal.startsWith("'") && literal.endsWith("'")).toBe(true);
      const inner = literal.slice(1, -1);
      expect(inner).toMatch(/^(?:[^'\\]|''|\\.)*$/s);
      return inner.replaceAll(/''|\\(.)/gs, (all, letter?: string) =>
        all === "''" ? "'" : ({ n: '\n', r: '\r', Z: '\x1a' }[letter ?? ''] ?? letter ?? ''),
      );
    };
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('\0'));
        expect(read(quoteText(text))).toBe(text);
      }),
    );
    expect(() => quoteText('a\0b')).toThrow(UnsafeValue);
  });

  test.each(['a`b', 'a b', "a'b", '', 'x'.repeat(65), 'a.b', 'a;b', 'ä'])('%j is no name', (name) => {
    expect(() => quoteName(name)).toThrow(UnsafeValue);
  });

  test.each(['a.b.c', 'a', '.b', 'a.', 'a.`b`'])('%j is no schema.name', (name) => {
    expect(() => quoteQualified(name)).toThrow(UnsafeValue);
  });

  test('other values keep to their shapes', () => {
    expect(quoteGtid('a-1:1-2,\n b-2:3')).toBe("'a-1:1-2,b-2:3'");
    expect(() => quoteGtid("'; DROP")).toThrow(UnsafeValue);
    expect(() => quoteChannel("x'")).toThrow(UnsafeValue);
    expect(() => quoteLogFile("x'")).toThrow(UnsafeValue);
    expect(() => quoteWhole(-1)).toThrow(UnsafeValue);
    expect(() => quoteWhole(2 ** 53)).toThrow(UnsafeValue);
    expect(() => quoteUtc("2026-01-01 00:00:00' OR '1")).toThrow(UnsafeValue);
  });
});

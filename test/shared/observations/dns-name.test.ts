import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isWithin,
  labelsOf,
  nameOfLabels,
  parseDnsName,
  showName,
} from '../../../shared/observations/dns-name.ts';
import { formatIp, parseIp, parseSubnet } from '../../../shared/observations/ip-address.ts';

describe('a name', () => {
  test.each([
    ['WWW.Shop.Example.', 'www.shop.example'],
    ['*.shop.example', '\\052.shop.example'],
    ['\\052.shop.example.', '\\052.shop.example'],
    ['_sip._tcp.shop.example', '_sip._tcp.shop.example'],
    ['a\\056b.example', 'a\\056b.example'],
    ['.', ''],
  ])('%s is %s', (written, name) => {
    expect(parseDnsName(written)).toBe(name);
  });

  test.each([
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(130)}example`,
    'a..example',
    '.example',
    'a b',
    'ä.example',
    'a\\b',
  ])('%s is none', (written) => {
    expect(parseDnsName(written)).toBeNull();
  });

  test('shows its star, and only a star that is a label', () => {
    expect(showName('\\052.shop.example')).toBe('*.shop.example');
    expect(showName('\\052a.shop.example')).toBe('\\052a.shop.example');
    expect(showName('')).toBe('.');
  });

  test('lies in its own zone and below it, not beside it', () => {
    expect(isWithin('shop.example', 'shop.example')).toBe(true);
    expect(isWithin('a.shop.example', 'shop.example')).toBe(true);
    expect(isWithin('webshop.example', 'shop.example')).toBe(false);
    expect(isWithin('anything', '')).toBe(true);
  });

  test('of any bytes comes back from its text, in lower case', () => {
    const label = fc.array(fc.nat(255), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
        const name = nameOfLabels(labels) ?? '';
        expect(parseDnsName(name)).toBe(name);
        const lower = labels.map((bytes) => bytes.map((byte) => (byte > 64 && byte < 91 ? byte + 32 : byte)));
        expect(labelsOf(name)).toEqual(lower);
      }),
    );
  });
});

describe('an address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ])('%s is %s', (written, text) => {
    const address = parseIp(written);
    expect(address === null ? null : formatIp(address)).toBe(text);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4.5',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7::8',
    'g::',
    'fe80::1%eth0',
    '1.2.3.4::',
  ])('%s is none', (written) => {
    expect(parseIp(written)).toBeNull();
  });

  test('comes back from its text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (written) => {
        const address = parseIp(written);
        if (address === null) throw new Error(`${written} was not read`);
        expect(parseIp(formatIp(address))).toEqual(address);
      }),
    );
  });
});

test('a network has no bits beyond its prefix', () => {
  expect(parseSubnet('192.0.2.0/24')?.bits).toBe(24);
  expect(parseSubnet('192.0.2.128/25')?.bits).toBe(25);
  expect(parseSubnet('2001:db8::/32')?.address.family).toBe(6);
  for (const wrong of ['192.0.2.1/24', '192.0.2.0/33', '192.0.2.0', '::/129', 'a/8', '192.0.2.128/24'])
    expect(parseSubnet(wrong)).toBeNull();
});

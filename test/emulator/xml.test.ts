import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseXml, xml, xmlDocument } from '../../main/emulator/xml.ts';

test('reads what it writes, whatever the texts', () => {
  const text = fc
    .string({ unit: 'grapheme' })
    .filter((each) => !/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/.test(each) && each.trim() === each);
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (values) => {
      const read = parseXml(
        xmlDocument(
          'List',
          values.map((value) => xml('Value', value)),
        ),
      );
      expect(read.ok ? read.value.children.map((child) => child.text) : read.error).toEqual(values);
    }),
  );
});

test.each([
  '',
  'text',
  '<A>',
  '<A></B>',
  '<A></A><B></B>',
  '<A>&nbsp;</A>',
  '<A>&lt</A>',
  '<!DOCTYPE a><A></A>',
  '<A><!-- x --></A>',
  '<A><![CDATA[x]]></A>',
  '</A>',
  `${'<A>'.repeat(20)}${'</A>'.repeat(20)}`,
])('refuses %s', (text) => {
  expect(parseXml(text).ok).toBe(false);
});

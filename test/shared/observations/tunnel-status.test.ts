import { expect, test } from 'vitest';
import { parseTunnelLook } from '../../../shared/observations/tunnel-status.ts';

const look = (...lines: readonly string[]): ReturnType<typeof parseTunnelLook> =>
  parseTunnelLook(`${['1795000090', '1795000060', ...lines].join('\n')}\n`);

const first = [
  'OpenVPN CLIENT LIST',
  'Updated,2026-11-23 02:00:00',
  'Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since',
];
const routes = ['ROUTING TABLE', 'Virtual Address,Common Name,Real Address,Last Ref'];
const rest = ['GLOBAL STATS', 'Max bcast/mcast queue length,0', 'END'];
const columns =
  'CLIENT_LIST,Common Name,Real Address,Virtual Address,Virtual IPv6 Address,Bytes Received,Bytes Sent';

test.each([
  [
    'version 1',
    [...first, 'colo-a,192.0.2.1:1194,100,20,x', 'colo-b,192.0.2.2:1194,7,3,x', ...routes, ...rest],
  ],
  [
    'version 2',
    [
      'TITLE,OpenVPN 2.6.3',
      'TIME,2026-11-23 02:00:00,1795000060',
      `HEADER,${columns}`,
      'CLIENT_LIST,colo-a,192.0.2.1:1194,10.8.0.2,,100,20',
      'CLIENT_LIST,colo-b,192.0.2.2:1194,10.8.0.3,,7,3',
      'HEADER,ROUTING_TABLE,Virtual Address,Common Name',
      'END',
    ],
  ],
  [
    'version 3',
    [
      'TITLE\tOpenVPN 2.6.3, with a comma',
      `HEADER\t${columns.replaceAll(',', '\t')}`,
      'CLIENT_LIST\tcolo-a\t192.0.2.1:1194\t10.8.0.2\t\t100\t20',
      'CLIENT_LIST\tcolo-b\t192.0.2.2:1194\t10.8.0.3\t\t7\t3',
      'END',
    ],
  ],
])('a server in %s: who is connected, the bytes of all, and how old the file is', (_, lines) => {
  expect(look(...lines)).toEqual({ ageSeconds: 30, peers: ['colo-a', 'colo-b'], bytes: 130 });
});

test('a server with nobody connected, and a client, which lists nobody', () => {
  expect(look(...first, ...routes, ...rest)).toEqual({ ageSeconds: 30, peers: [], bytes: 0 });
  const client = [
    'TUN/TAP read bytes,9',
    'TUN/TAP write bytes,9',
    'TCP/UDP read bytes,40',
    'TCP/UDP write bytes,2',
  ];
  expect(look('OpenVPN STATISTICS', 'Updated,x', ...client, 'Auth read bytes,5', 'END')).toEqual({
    ageSeconds: 30,
    peers: null,
    bytes: 42,
  });
});

test.each([
  ['nothing', ''],
  ['another file', '1795000090\n1795000060\nroot:x:0:0\nEND\n'],
  ['no clock', `x\n1795000060\n${first.join('\n')}\nEND\n`],
  [
    'a count that is none',
    `1\n1\n${first.join('\n')}\ncolo-a,192.0.2.1:1194,many,2,x\n${routes.join('\n')}\nEND\n`,
  ],
  ['a row that is cut off', `1\n1\n${first.join('\n')}\ncolo-a,192.0.2.1:1194\n${routes.join('\n')}\nEND\n`],
  ['a file that ends within its list', `1\n1\n${first.join('\n')}\ncolo-a,192.0.2.1:1194,1,2,x\n`],
])('%s is no status file', (_, stdout) => {
  expect(parseTunnelLook(stdout)).toBeNull();
});

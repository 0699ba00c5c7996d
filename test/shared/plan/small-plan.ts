/** The smallest plan with every kind of section; tests break it in one place and look for the mistake there. */
export const smallPlan = `schemaVersion: 1
name: small
environment: staging
roles:
  - { id: driver, title: Drives }
sites:
  - { id: colo, kind: co-location }
  - { id: cloud, kind: ec2-region }
hosts:
  - { id: h1, site: colo, ssh: { address: 10.0.0.1, user: me } }
  - { id: h2, site: colo, ssh: { alias: h2 } }
  - { id: h3, site: cloud, ssh: { address: 10.9.0.1, user: me, jump: [h2] } }
  - { id: bare, site: cloud }
accounts:
  operator: { loginPath: operator }
  plain: { user: plain, environment: PLAIN }
instances:
  - { id: a1, host: h1 }
  - { id: b1, host: h2 }
  - { id: s1, host: h1, port: 3307 }
  - { id: t1, host: h3 }
  - { id: t2, host: bare, via: direct, address: db.cloud.example, tls: { mode: VERIFY_IDENTITY } }
chains:
  - id: orders
    source:
      masters:
        - { instance: a1, from: b1 }
        - { instance: b1, from: a1 }
      slaves: [{ instance: s1, from: a1 }]
    target:
      masters: [{ instance: t1, from: a1 }]
      replicas: [{ instance: t2, from: t1 }]
    replication:
      forward: { account: { loginPath: forward } }
      reverse: { account: { user: r, keychain: reverse } }
    wayBack: reverse
    bypassAccounts: ["'root'@'localhost'"]
appFleets:
  - id: shop
    hosts: [{ host: h2, source: colo, target: cloud }]
    switch:
      colo: [switch, colo]
      cloud: [switch, cloud]
    verify: [in-use]
tunnels:
  - { id: vpn, source: colo, target: cloud, host: h3 }
dns:
  zones: [{ id: z, hostedZoneId: Z1, name: shop.example }]
  records:
    - zone: z
      name: www.shop.example
      type: A
      before: { ttlSeconds: 60, values: [192.0.2.1] }
      after: { ttlSeconds: 60, values: [192.0.2.2] }
clients:
  - { id: web, kind: http, chain: orders, region: cloud, writeUrl: "http://w.example/w", readUrl: "http://w.example/r" }
  - { id: sql, kind: mysql, chain: orders, account: { loginPath: c }, source: a1, target: t1, table: shop.writes }
checklists:
  - { id: backup, title: Backup restored, phase: preflight, role: driver }
holds:
  - { before: lock, role: driver }
limits: { runDeadlineMs: 60000, drainMs: 20000 }
journalMirror: { host: h3, directory: /var/lib/mirror }
`;

/** The small plan with one text replaced by another; the text must be there exactly once. */
export function withChange(from: string, to: string): string {
  const parts = smallPlan.split(from);
  if (parts.length !== 2) throw new Error(`"${from}" stands ${parts.length - 1} times in the small plan`);
  return parts.join(to);
}

/** The small plan for production, with the text after it. */
export function inProduction(more: string): string {
  return `${withChange('environment: staging', 'environment: production')}${more}`;
}

/** The identities of the small plan's servers, complete for production. */
export const identities = `identities:
  - { instance: a1, serverUuid: 00000000-0000-0000-0000-0000000000a1 }
  - { instance: b1, serverUuid: 00000000-0000-0000-0000-0000000000b1 }
  - { instance: s1, serverUuid: 00000000-0000-0000-0000-0000000000c1 }
  - { instance: t1, serverId: 5, hostKey: "SHA256:${'A'.repeat(43)}", datadir: /var/lib/mysql }
  - { instance: t2, serverUuid: 00000000-0000-0000-0000-0000000000e2 }
`;

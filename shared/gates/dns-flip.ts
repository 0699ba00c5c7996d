import { present } from '../lib/assert.ts';
import type { FlipCluster } from '../plan/plan-flip.ts';
import type { PlannedDns } from '../plan/plan-dns.ts';
import { controlName, otherStates, statesFor } from '../steps/flip-controls.ts';
import { folderOf } from '../steps/file-looks.ts';
import { freshness, type Look } from './look.ts';
import type { GateDefinition, World } from './world.ts';

/** ARC keeps three of a cluster's five endpoints within reach at any time (Developer Guide, "Getting and updating routing control states using the ARC API"). */
const enoughEndpoints = 3;
const endpointsOfCluster = 5;

/** Gates on what the flip will turn: the night must not find out in the minute that it cannot be turned. */
export const dnsFlip: readonly GateDefinition[] = [
  {
    id: 'dns.files',
    group: 'dns',
    scope: 'plan',
    title: "Every file of the flip can be turned by the run's login, and stands as the source needs it.",
    guards: [],
    overridable: true,
    blocking: true,
    judge: ({ plan, snapshot }, look) => {
      const files = plan.dns?.flip?.files ?? [];
      if (files.length === 0) return null;
      for (const { host, path, standsFor } of files) {
        const found = snapshot.flip?.files.find((file) => file.host === host && file.path === path);
        const seen = look.at(found?.seen, `${path} on ${host}`, freshness.hostMs);
        if (seen === undefined) continue;
        const wanted = standsFor === 'source';
        const folder = folderOf(path);
        look.row(
          host,
          path,
          wanted ? 'there' : 'absent',
          `${seen.there ? 'there' : 'absent'}, ${seen.writable ? 'writable' : 'not writable'}`,
        );
        look.expect(
          seen.there === wanted,
          `${host}: expected ${path} ${wanted ? 'there' : 'absent'} while the source serves, seen it ${seen.there ? 'there' : 'absent'}: the flip would turn nothing, or was made already.`,
          wanted
            ? `on ${host}: put ${path} in place, and see that its endpoint answers; or correct the plan`
            : `on ${host}: take ${path} away once nobody is sent there by it; or correct the plan`,
        );
        look.expect(
          seen.writable,
          `${host}: expected a folder ${folder} into which the login of the run may write, seen none: ${path} could not be turned in the minute.`,
          `on ${host}: make ${folder}, also for after a reboot, and give it to the login of the plan's SSH`,
        );
      }
      return look.judgement('host', 'file', 'expected', 'seen');
    },
  },
  {
    id: 'dns.cluster',
    group: 'dns',
    scope: 'plan',
    title:
      'The ARC cluster answers at enough of its endpoints, and its routing controls are as the source needs them.',
    guards: [],
    overridable: true,
    blocking: true,
    judge: (world, look) => {
      const { dns } = world.plan;
      const cluster = dns?.flip?.cluster;
      if (dns === undefined || cluster === undefined) return null;
      const { answering, asBefore } = judgeEndpoints(world, cluster, look);
      // Fewer than AWS keeps within reach is a night to look twice; that none answers is no way to flip.
      const few = answering > 0 && answering < Math.min(enoughEndpoints, cluster.endpoints.length);
      const follow = judgeFollowers(world, dns, [cluster, look]);
      look.expect(
        !few && answering > 0,
        `Expected at least ${Math.min(enoughEndpoints, cluster.endpoints.length)} of ${cluster.endpoints.length} cluster endpoints to answer, seen ${answering}.`,
        'Look at the network of this laptop, at the credentials of the cluster, and at the AWS health page; cockpit dns policy PLAN prints the rights that are needed.',
      );
      if (few && asBefore && follow) look.warnOnly();
      const unnamed = endpointsOfCluster - cluster.endpoints.length;
      look.note(
        `${answering} of ${cluster.endpoints.length} cluster endpoints answer.${unnamed > 0 ? ` A cluster has ${endpointsOfCluster}: name the others in the plan too, any two of them may be away.` : ''}`,
      );
      return look.judgement('endpoint', 'routing control', 'expected', 'seen');
    },
  },
];

type Endpoints = { readonly answering: number; readonly asBefore: boolean };

/** How many answer; each that does must say the states of before. */
function judgeEndpoints({ snapshot, context }: World, cluster: FlipCluster, look: Look): Endpoints {
  const wanted = statesFor(cluster, 'source');
  let answering = 0;
  let asBefore = true;
  for (const { url, region } of cluster.endpoints) {
    const seen = snapshot.flip?.endpoints[url];
    const isOld = seen !== undefined && context.now - seen.takenAt > freshness.clusterMs;
    if (seen?.kind !== 'known' || isOld) {
      const why =
        seen === undefined ? 'never seen' : seen.kind === 'unknown' ? seen.why : 'not answered lately';
      look.row(region, 'all', 'an answer', why);
      continue;
    }
    look.used(seen.takenAt, freshness.clusterMs);
    answering += 1;
    for (const [arn, state] of Object.entries(wanted))
      look.row(region, controlName(arn), state, seen.value[arn] ?? 'not told');
    const others = otherStates(wanted, seen.value);
    const isSo = look.expect(
      others.length === 0,
      `At the endpoint in ${region}: ${others.join(', ')}, while the source serves.`,
      'Set the routing controls as the plan says that they are before the minute, or correct the plan; find out who turned them.',
    );
    asBefore = asBefore && isSo;
  }
  return { answering, asBefore };
}

/** The health checks that are to follow the controls: of the kind that does, and of these very controls. False: some other reason keeps it shut. */
function judgeFollowers(
  { snapshot }: World,
  dns: PlannedDns,
  [cluster, look]: readonly [FlipCluster, Look],
): boolean {
  let good = true;
  for (const { arn, healthCheck } of cluster.controls) {
    const planned = present(
      dns.healthChecks.find(({ id }) => id === healthCheck),
      healthCheck,
    );
    const facts = look.at(
      snapshot.dns?.checks[healthCheck]?.facts,
      `health check ${healthCheck}`,
      freshness.healthMs,
    );
    if (facts === undefined) {
      good = false;
      continue;
    }
    const seen =
      facts === null
        ? 'none of that id'
        : facts.type !== 'RECOVERY_CONTROL'
          ? `type ${facts.type}`
          : facts.routingControl === arn
            ? null
            : `routing control ${facts.routingControl ?? 'not told'}`;
    look.row('Route 53', `health check ${healthCheck}`, controlName(arn), seen ?? controlName(arn));
    const inverted = facts?.inverted === true;
    good =
      look.expect(
        seen === null && !inverted,
        `Health check ${healthCheck} (${planned.healthCheckId ?? ''}): expected one of type RECOVERY_CONTROL that follows ${controlName(arn)}, seen ${seen ?? 'it inverted'}: turning the routing control would turn nothing, or the wrong way.`,
        "Write the healthCheckId of the routing control's own health check into the plan.",
      ) && good;
  }
  return good;
}

import { controlName } from '../../shared/steps/flip-controls.ts';
import type { Scene } from './scene.ts';

/** What stands for one endpoint of a flip, of whichever kind. */
export type Endpoint = {
  readonly name: string;
  readonly standsFor: 'source' | 'target';
  /** Whether Route 53 is to take it for healthy: its file is there, or its routing control is On. */
  readonly isIn: boolean;
  /** Somebody else turned it last. */
  readonly byOthers: boolean;
};

/** The endpoints of the flip of a night as they are now; none where its plan has no flip. */
export function endpointsOf({
  script,
  simulator: { world },
}: Pick<Scene, 'script' | 'simulator'>): readonly Endpoint[] {
  const { files = [], cluster } = script.plan.dns?.flip ?? {};
  return [
    ...files.map(({ host, path, standsFor }) => ({
      name: `${path} of ${host}`,
      standsFor,
      isIn: world.hosts.get(host)?.files.has(path) ?? false,
      byOthers: false,
    })),
    ...(cluster?.controls ?? []).map(({ arn, standsFor }) => ({
      name: controlName(arn),
      standsFor,
      isIn: world.cluster.states.get(arn) === 'On',
      byOthers: world.cluster.byOthers.has(arn),
    })),
  ];
}

/** Those of them that nobody else turned last: how these stand is this run's own doing. */
export function ownEndpoints(scene: Pick<Scene, 'script' | 'simulator'>): readonly Endpoint[] {
  return endpointsOf(scene).filter(({ byOthers }) => !byOthers);
}

/** Which of these endpoints is not as it is while a side serves; null: none. */
export function endpointNot(endpoints: readonly Endpoint[], side: Endpoint['standsFor']): string | null {
  const other = endpoints.find(({ isIn, standsFor }) => isIn !== (standsFor === side));
  return other === undefined ? null : `${other.name} is not as the ${side} wants it`;
}

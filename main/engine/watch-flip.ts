import { unknown, type Observation } from '../../shared/observations/observation.ts';
import type { FlipFacts, FlipFileSeen } from '../../shared/observations/flip-facts.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { RoutingStates } from '../../shared/sessions/zone-answers.ts';
import { flipHosts } from '../../shared/plan/switches.ts';
import type { Ports } from '../ports.ts';
import { lookAtFile } from './look-at-files.ts';
import { startLoop } from './loop.ts';
import { channelTo, openCluster, type emptySessions } from './sessions.ts';
import { observed } from './watched-facts.ts';

/** Often enough that no connection to an endpoint is closed for want of use. */
const endpointPeriodMs = 20_000;
/** What the minute allows a call, and a little: an endpoint that needs longer is none that answers. */
const endpointLimitMs = 2_500;

const filePeriodMs = 10_000;

export type FlipWatch = {
  /** What is seen, as a part of the snapshot; none where the plan has no flip. */
  readonly part: () => { readonly flip?: FlipFacts };
  readonly refresh: () => Promise<void>;
  readonly stop: () => void;
};

/**
 * Looks at what the flip will turn, over the connections that the minute will use: what is asked now and then keeps them
 * warm. In the minute it rests.
 */
export function watchFlip(
  plan: Plan,
  ports: Ports,
  around: {
    readonly channels: ReturnType<typeof emptySessions>;
    readonly resting: () => boolean;
    readonly failed: (what: string, error: unknown) => void;
  },
): FlipWatch {
  const { channels, resting } = around;
  const now = (): number => ports.clock.now().utcMs;
  const { flip } = plan.dns ?? {};
  const controls = flip?.cluster?.controls.map(({ arn }) => arn) ?? [];
  const endpoints = new Map<string, Observation<RoutingStates>>(
    flip?.cluster?.endpoints.map(({ url, region }) => [url, unknown('not looked at yet', now(), region)]),
  );

  /** Five loops may want it at once: it is opened once, because the one before would be closed under its readers. */
  let opening: ReturnType<typeof openCluster> | null = null;
  const openOnce = (): ReturnType<typeof openCluster> => {
    opening ??= openCluster(ports, channels).finally(() => (opening = null));
    return opening;
  };
  const readEndpoint = async (url: string, region: string): Promise<void> => {
    if (resting()) return;
    const failure = channels.cluster() === null ? await openOnce() : null;
    const answer = await channels.cluster()?.read(url, controls, endpointLimitMs);
    endpoints.set(
      url,
      answer === undefined
        ? unknown(failure?.refused.message ?? 'no channel is open', now(), region)
        : observed(answer, `the cluster endpoint in ${region}`),
    );
    // Somebody may have logged in anew: what was opened with the old credentials stays without rights.
    if (answer?.kind === 'refused' && answer.refusal === 'credentials') await openOnce();
  };

  const files = new Map<string, FlipFileSeen['seen']>();
  const keyOf = ({ host, path }: Pick<FlipFileSeen, 'host' | 'path'>): string => `${host} ${path}`;
  const readFiles = async (host: string): Promise<void> => {
    if (resting()) return;
    const channel = await channelTo(ports, channels, [host, 'flip']);
    for (const file of (flip?.files ?? []).filter((each) => each.host === host)) {
      const seen = channel.ok
        ? await lookAtFile(channel.value, file.path)
        : unknown(channel.error, now(), host);
      files.set(keyOf(file), seen);
    }
  };

  const fileLoops = flipHosts(plan).map((host) =>
    startLoop(ports.clock, {
      periodMs: filePeriodMs,
      turn: () => readFiles(host),
      failed: (error) => around.failed(`looking at the files of the flip on ${host}`, error),
    }),
  );
  const endpointLoops = (flip?.cluster?.endpoints ?? []).map(({ url, region }, index, all) =>
    startLoop(ports.clock, {
      periodMs: endpointPeriodMs,
      shiftMs: (index * endpointPeriodMs) / all.length,
      turn: () => readEndpoint(url, region),
      failed: (error) => around.failed(`looking at the cluster endpoint in ${region}`, error),
    }),
  );
  const loops = [...fileLoops, ...endpointLoops];
  return {
    part: () =>
      flip === undefined
        ? {}
        : {
            flip: {
              files: flip.files.map(({ host, path }) => ({
                host,
                path,
                seen: files.get(keyOf({ host, path })) ?? unknown('not looked at yet', now(), host),
              })),
              endpoints: Object.fromEntries(endpoints),
            },
          },
    refresh: async () => {
      await Promise.all(loops.map((loop) => loop.now()));
    },
    stop: () => {
      for (const loop of loops) loop.stop();
    },
  };
}

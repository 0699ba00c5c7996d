import type { Run } from '../../shared/steps/run.ts';
import type { Ports } from '../ports.ts';
import type { emptySessions } from './sessions.ts';

type Ground = {
  readonly ports: Ports;
  readonly run: Run;
  readonly channels: ReturnType<typeof emptySessions>;
  /** The step that is tried again; absent when a whole run is taken up. */
  readonly step?: string;
};

/**
 * Opens the channels to Route 53 once more, with credentials as they are now: for a person's retry of *announce*, and where
 * there is none yet, as after a resume. What cannot be opened, or belongs to another account, is said; the step then sends
 * nothing there.
 */
export async function reopenZones(
  { ports, run, channels, step }: Ground,
  limitMs: number,
): Promise<readonly string[]> {
  if (run.ponrAt === null) return [];
  const wanted = (run.zones ?? []).filter(({ zone }) => step === 'announce' || channels.zone(zone) === null);
  const troubles = await Promise.all(
    wanted.map(async ({ zone, account }): Promise<string | null> => {
      const opened = await ports.route53.open(zone, limitMs);
      if (opened.kind === 'refused') return `zone ${zone}: ${opened.message}`;
      const { channel } = opened;
      if (channel.account === account) {
        channels.adoptZone(channel);
        return null;
      }
      await channel.close();
      return `zone ${zone}: the credentials belong to account ${channel.account}, expected ${account} as when the run began`;
    }),
  );
  return troubles.filter((text) => text !== null);
}

import { untold } from '../../shared/observations/dns-readout.ts';
import { judgeTold, toldRows, type ToldAnswer } from '../../shared/observations/told-answer.ts';
import type { AliasValues } from '../../shared/observations/dns-matrix.ts';
import type { PlannedDns } from '../../shared/plan/plan-dns.ts';
import type { ClockPort, ZoneChannel } from '../ports.ts';
import { startLoop } from './loop.ts';

/** One question in two seconds: an account has five requests a second for everybody who uses it. */
const periodMs = 2_000;
const limitMs = 5_000;

/** What Route 53 itself would answer (`TestDNSAnswer`), asked for one row after the other and never in the minute. */
export type ToldAnswers = { readonly answers: () => readonly ToldAnswer[]; readonly stop: () => void };

/** Asks over the channels that are open anyway; where none is, nothing is known, and nothing is opened for it. */
export function startToldAnswers(needs: {
  readonly dns: PlannedDns;
  readonly clock: ClockPort;
  readonly channel: (zone: string) => ZoneChannel | null;
  readonly aliasValues: AliasValues;
  readonly resting: () => boolean;
  readonly failed: (error: unknown) => void;
}): ToldAnswers {
  const { dns, clock, channel, aliasValues, resting } = needs;
  const told = new Map<string, ToldAnswer>();
  let turn = 0;
  const loop = startLoop(clock, {
    periodMs,
    turn: async () => {
      if (resting()) return;
      const open = toldRows(dns, aliasValues).flatMap((row) => {
        const through = channel(row.zone);
        return through === null ? [] : [{ row, through }];
      });
      const next = open[turn++ % Math.max(1, open.length)];
      if (next === undefined) return;
      const { row, through } = next;
      const { name, type } = row.asked.question;
      const { clientSubnet } = row;
      const answer = await through.testAnswer({ name, type, clientSubnet }, limitMs);
      const verdict =
        answer.kind === 'ok'
          ? judgeTold(row, answer.value)
          : untold(`Route 53 did not say what it would answer: ${answer.message}`);
      told.set(row.row, { row, at: clock.now().utcMs, verdict });
    },
    failed: needs.failed,
  });
  return { answers: () => [...told.values()], stop: () => loop.stop() };
}

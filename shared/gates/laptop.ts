import { quantile } from '../observations/forecast.ts';
import { planNodes } from '../observations/plan-nodes.ts';
import { freshness } from './look.ts';
import type { GateDefinition } from './world.ts';

const group = 'laptop';
const journalBytes = 1_024 ** 3;
const mebibyte = 1_024 ** 2;
/** A round trip has to fit into the narrow passage this many times, with its commands one after the other. */
const tripsInPassage = 4;
/** Fewer samples say nothing about 95 in 100. */
const fewestTrips = 5;

/** Gates on the machine that drives the run, and on its path to the servers. */
export const laptop: readonly GateDefinition[] = [
  {
    id: 'laptop.mains',
    group,
    scope: 'plan',
    title: 'This laptop runs on mains power.',
    guards: [],
    overridable: true,
    blocking: true,
    judge: ({ snapshot }, look) => {
      const mains = look.at(snapshot.laptop.mains, 'power supply', freshness.laptopMs);
      if (mains !== undefined) look.expect(mains, 'Expected mains power, seen battery.', 'Plug it in.');
      return look.judgement();
    },
  },
  {
    id: 'laptop.disk',
    group,
    scope: 'plan',
    title: 'There is room for the journal: at least 1 GiB.',
    guards: ['I5'],
    overridable: false,
    blocking: true,
    judge: ({ snapshot }, look) => {
      const free = look.at(snapshot.laptop.journalFreeBytes, 'free disk for the journal', freshness.laptopMs);
      if (free !== undefined) {
        look.expect(
          free >= journalBytes,
          `Expected at least 1 GiB free for the journal, seen ${Math.floor(free / mebibyte)} MiB.`,
          'df -h "$XDG_STATE_HOME" and free space there, or set COCKPIT_STATE to another disk.',
        );
        look.note(`${Math.floor(free / mebibyte)} MiB free.`);
      }
      return look.judgement();
    },
  },
  {
    id: 'laptop.sleep',
    group,
    scope: 'plan',
    title: 'This laptop will not fall asleep during the run.',
    guards: [],
    overridable: true,
    blocking: false,
    judge: ({ snapshot }, look) => {
      const blocked = look.at(snapshot.laptop.sleepBlocked, 'sleep', freshness.laptopMs);
      if (blocked !== undefined)
        look.expect(
          blocked,
          'Expected sleep to be blocked, seen it allowed.',
          'systemd-inhibit --what=sleep:idle:handle-lid-switch npm start (macOS: caffeinate -dims npm start)',
        );
      return look.judgement();
    },
  },
  {
    id: 'laptop.clock',
    group,
    scope: 'plan',
    title: "The servers' clocks agree with this laptop's.",
    guards: ['I4'],
    overridable: true,
    blocking: true,
    judge: ({ plan, snapshot }, look) => {
      const limitMs = plan.limits.clockOffsetMs;
      for (const { instance } of planNodes(plan)) {
        const clock = look.at(snapshot.instances[instance]?.clock, `clock of ${instance}`, freshness.clockMs);
        if (clock === undefined) continue;
        look.row(instance, `${Math.round(clock.offsetMs)} ms`, `± ${clock.uncertaintyMs.toFixed(1)} ms`);
        look.expect(
          Math.abs(clock.offsetMs) + clock.uncertaintyMs <= limitMs,
          `${instance}: expected a clock within ${limitMs} ms (limits.clockOffsetMs), seen ${Math.round(clock.offsetMs)} ± ${clock.uncertaintyMs.toFixed(1)} ms.`,
          'chronyc tracking (or timedatectl timesync-status) on that host and on this laptop',
        );
      }
      return look.judgement('node', 'ahead of this laptop', 'uncertainty');
    },
  },
  {
    id: 'laptop.round-trips',
    group,
    scope: 'plan',
    title: 'Round trips to the servers are short and steady enough for the narrow passage.',
    guards: [],
    overridable: true,
    blocking: true,
    judge: ({ plan, snapshot }, look) => {
      const limitMs = plan.limits.passageMs / tripsInPassage;
      for (const { instance } of planNodes(plan)) {
        if (look.fast(instance) === undefined) continue;
        const trips = snapshot.instances[instance]?.roundTripsMs ?? [];
        const p95Ms = quantile(trips, 0.95);
        if (p95Ms === null || trips.length < fewestTrips) {
          look.unclear(
            `round trips to ${instance}: expected at least ${fewestTrips} measured, seen ${trips.length}`,
          );
          continue;
        }
        look.row(instance, `${(quantile(trips, 0.5) ?? 0).toFixed(1)} ms`, `${p95Ms.toFixed(1)} ms`);
        look.expect(
          p95Ms <= limitMs,
          `${instance}: expected 95 % of round trips within ${limitMs} ms (a quarter of limits.passageMs), seen ${p95Ms.toFixed(1)} ms.`,
          'Use a wired network nearer to the servers, end other traffic on it, or raise limits.passageMs.',
        );
      }
      return look.judgement('node', 'median', '95 %');
    },
  },
];

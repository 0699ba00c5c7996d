import { expect, test } from 'vitest';
import { modeWords } from '../../renderer/layout/ModeBanner.tsx';
import { screenFor, screenOf } from '../../renderer/layout/screen-of.ts';
import { ageOfGate, ageTone } from '../../renderer/parts/Age.tsx';
import { age, count, duration, limit, seconds } from '../../renderer/parts/format.ts';
import { forecastSentence } from '../../renderer/steps/GoNoGo.tsx';
import { laneState, proven, trackOf } from '../../renderer/steps/track.ts';
import { needsOperator, thawed, watch } from '../helpers/view-after.ts';
import { go } from '../helpers/view-go.ts';
import { minute, steps } from '../helpers/view-minute.ts';
import { observed, observedGone, observedUnread, ousted } from '../helpers/view-other.ts';
import { preflight } from '../helpers/view-preflight.ts';

test('durations, ages, counts and limits', () => {
  expect([duration(null), duration(840), duration(18_600), duration(171_000), duration(11_100_000)]).toEqual([
    '–',
    '0.84 s',
    '18.6 s',
    '02:51',
    '3 h 05 min',
  ]);
  expect([seconds(1_370), seconds(null), limit(10_000), limit(250)]).toEqual(['1.37', '–', '10 s', '0.25 s']);
  expect([age(300), age(41_000), age(300_000)]).toEqual(['0.3 s ago', '41 s ago', '5 min ago']);
  expect([count(18_402), count(1_234_567), count(null)]).toEqual(['18,402', '1,234,567', '–']);
});

test('an age is red past the limit of who judges by it, amber past three quarters of that, and plain without one', () => {
  const tones = (limitMs: number) =>
    [0.75, 0.751, 1, 1.001].map((share) => ageTone(share * limitMs, limitMs));
  for (const limitMs of [2_000, 60_000, 600_000])
    expect(tones(limitMs)).toEqual(['fresh', 'ageing', 'ageing', 'old']);
  expect(ageTone(86_400_000, null)).toBe('fresh');
});

test('the age of a gate is that of its oldest fact, until one of them nears its own limit', () => {
  const ages = [
    { takenAt: 90_000, limitMs: 2_000 },
    { takenAt: 0, limitMs: 600_000 },
  ];
  const shown = (now: number) => ageOfGate({ takenAt: 0, ages }, now);
  expect(shown(91_500)).toEqual({ takenAt: 0, limitMs: null });
  expect(shown(91_600)).toEqual({ takenAt: 90_000, limitMs: 2_000 });
  expect(shown(600_001)).toEqual({ takenAt: 90_000, limitMs: 2_000 });
  // Which server it is does not age, however long ago it was asked.
  expect(ageOfGate({ takenAt: 0, ages: [] }, 91_000)).toEqual({ takenAt: 0, limitMs: null });
});

test('live is live and a rehearsal says so, whatever the environment', () => {
  expect(modeWords({ environment: 'production', mode: 'live' })).toBe('PRODUCTION — LIVE');
  expect(modeWords({ environment: 'staging', mode: 'rehearsal' })).toBe('REHEARSAL — STAGING');
});

test('the screen follows the run; a run that waits for a person stays in the minute', () => {
  expect([preflight, go, minute, needsOperator, thawed, watch].map(screenOf)).toEqual([
    'preflight',
    'go',
    'minute',
    'minute',
    'report',
    'report',
  ]);
  expect(screenFor('minute', preflight)).toBe(null);
  expect(screenFor('close', watch)).toBe('report');
});

test('the forecast sentence takes the slowest chain, and says when nothing is known', () => {
  const forecast = go.go?.forecast ?? { chains: [], downtimeMs: null, downtimeP95Ms: null };
  expect(forecastSentence(forecast)).toBe('Press now: freeze 0.90 s, p95 1.40 s.');
  expect(
    forecastSentence({
      ...forecast,
      chains: forecast.chains.map((chain, index) => (index === 0 ? { ...chain, freezeMs: null } : chain)),
    }),
  ).toContain('cannot be foretold');
});

test('the point of no return parts the track after the passage', () => {
  const { before, after } = trackOf(steps('prove'), null);
  expect(before.at(-1)?.step).toBe('last-look');
  expect(after[0]?.step).toBe('mirror');
});

test('a lane says the first thing that is true', () => {
  const at = steps('prove');
  expect(laneState(at, 'orders')).toEqual({ tone: 'info', sign: '◔', text: 'prove' });
  expect(laneState(at, 'content').text).toBe('proven, waits at the barrier');
  expect(laneState(steps('drain', 'drain:orders'), 'orders')).toEqual({
    tone: 'closed',
    sign: '✕',
    text: 'drain failed',
  });
  expect(laneState(at, 'orders', 'ousted').text).toBe('driven elsewhere');
  expect(proven(at)).toEqual({ done: 1, all: 2 });
});

test('another cockpit’s run stays on the screen of the minute, and so does one that was taken over', () => {
  expect([observed, observedGone, ousted].map(screenOf)).toEqual(['minute', 'minute', 'minute']);
  expect(screenOf(observedUnread)).toBe('preflight');
});

import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Preflight } from '../../renderer/gates/Preflight.tsx';
import { GoNoGo } from '../../renderer/steps/GoNoGo.tsx';
import { useRun } from '../../renderer/store/run.ts';
import type { View } from '../../shared/contract/view.ts';
import { at } from '../helpers/view-chains.ts';
import { go } from '../helpers/view-go.ts';
import { preflight } from '../helpers/view-preflight.ts';

afterEach(cleanup);

/** A view in a window whose clock stands still at it. */
function show(view: View): void {
  useRun.setState({ view, receivedAtMs: 0, connection: { kind: 'lost', sinceUtcMs: view.header.atUtcMs } });
}

/** The age beside each gate, by its title. */
function agesShown(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...document.querySelectorAll('li')].flatMap((row) => {
      const shown = row.querySelector('time')?.textContent;
      return shown === undefined ? [] : [[row.querySelector('b')?.textContent ?? '', shown]];
    }),
  );
}

test('what holds for ten minutes is not old after one, and what holds for two seconds is after three', () => {
  show(preflight);
  render(<Preflight view={preflight} />);
  expect(agesShown()).toMatchObject({
    'The way back is possible': '4 min ago',
    'This laptop runs on mains power': expect.stringMatching(/^ageing · 5\d s ago$/),
    'content drains within its budget': expect.stringMatching(/^old · 4\d s ago$/),
    'Deploys are frozen and the pipeline is off': expect.stringMatching(/^3\d min ago$/),
  });
});

test('gates that were frozen at go/no-go grow no older than they were then; the press judges them anew', () => {
  const later: View = {
    ...go,
    header: { ...go.header, atUtcMs: at + 250_000 },
    go: go.go === null ? null : { ...go.go, frozenAt: at },
  };
  show(later);
  const { rerender } = render(<Preflight view={later} />);
  expect(agesShown()['Every host answers over SSH']).toBe('4 min ago');
  expect(Object.values(agesShown()).filter((shown) => /old|ageing/.test(shown))).toEqual([]);
  if (later.go !== null) rerender(<GoNoGo view={later} go={later.go} />);
  expect(document.querySelector('time')?.textContent).toBe('4 min ago');
});

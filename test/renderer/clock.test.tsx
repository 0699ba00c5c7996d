import { act, render } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { useNow } from '../../renderer/store/clock.ts';
import { useRun } from '../../renderer/store/run.ts';
import { views } from '../helpers/views.ts';

afterEach(() => vi.restoreAllMocks());

function Clock() {
  return <p>{useNow(1)}</p>;
}

test('the clock is the same however often React asks in one turn, and goes on with the next', async () => {
  const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  // Time that passes at every look: as on a slow machine, where a step ends between two of React's own looks.
  let passedMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (passedMs += 1));
  const view = views['minute'] ?? null;
  useRun.setState({ view, receivedAtMs: 0, connection: { kind: 'connected' } });
  const shown = (): number => Number(document.querySelector('p')?.textContent);
  const { rerender } = render(<Clock />);
  const first = shown();
  expect(first).toBeGreaterThan(view?.header.atUtcMs ?? Infinity);
  await act(async () => rerender(<Clock />));
  expect(shown()).toBeGreaterThan(first);
  expect(complaints.mock.calls.flat().join('\n')).not.toContain('getSnapshot should be cached');
});

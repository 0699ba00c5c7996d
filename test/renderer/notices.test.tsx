import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import type { Client } from '../../renderer/client/client.ts';
import { Notices } from '../../renderer/layout/Notices.tsx';
import { ClientContext, useAsk, type Ask } from '../../renderer/store/ask.ts';
import { useUi } from '../../renderer/store/ui.ts';

afterEach(() => {
  cleanup();
  useUi.setState({ notices: [] });
});

/** The way to a cockpit that answers as it is told to. */
function asking(answers: Readonly<Record<string, readonly (string | null)[]>>): Ask {
  const left = new Map(Object.entries(answers).map(([name, list]) => [name, [...list]]));
  const request = (name: string) => {
    const refused = left.get(name)?.shift() ?? null;
    return Promise.resolve(refused === null ? { ok: true, value: null } : { ok: false, message: refused });
  };
  let ways: Ask | null = null;
  const Asks = () => {
    ways = useAsk();
    return <Notices />;
  };
  render(
    <ClientContext value={{ request } as unknown as Client}>
      <Asks />
    </ClientContext>,
  );
  if (ways === null) throw new Error('not rendered');
  return ways;
}

const shown = (): readonly string[] => useUi.getState().notices.map(({ text }) => text);

test('a refusal goes when the same is done after all, and another one stays', async () => {
  const { ask } = asking({ disarm: ['Not yet.', null], startOver: ['The run has not ended.'] });
  await ask('disarm', {} as never);
  await ask('startOver', {} as never);
  expect(shown()).toEqual(['Not yet.', 'The run has not ended.']);
  await ask('disarm', {} as never);
  expect(shown()).toEqual(['The run has not ended.']);
});

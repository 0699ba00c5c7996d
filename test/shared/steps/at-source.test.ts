import { describe, expect, test } from 'vitest';
import {
  askForJudgement,
  concludableAt,
  judgeAtSource,
  nodesToJudge,
} from '../../../shared/steps/at-source.ts';
import type { Run } from '../../../shared/steps/run.ts';
import { parseSwitchSaid, type SwitchSaid } from '../../../shared/steps/switch-said.ts';
import { armedHosts } from '../../../shared/plan/switches.ts';
import { instanceOf } from '../../../shared/steps/need.ts';
import type { FastFacts } from '../../../shared/sessions/operations.ts';
import type { Answer } from '../../../shared/sessions/session.ts';
import { openWorld, type AnsweringWorld } from '../../helpers/answering-world.ts';
import { factsOf, type ModelServer } from '../../helpers/model-servers.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';
import { switchPlan } from '../../helpers/switch-plan.ts';

const bare = referencePlan();
const plan = switchPlan(bare);
const at = '2026-11-26T02:13:04Z';
const masters = ['orders-a1', 'orders-b1', 'content-a1', 'content-b1'];

describe('what a host says of its switch', () => {
  test('is read word for word', () => {
    const said = `state second\nopened orders-a1 ${at}\nleft content ${at}\nover second ${at}\nend\n`;
    expect(parseSwitchSaid(said)).toEqual({
      state: 'second',
      opened: [{ instance: 'orders-a1', at }],
      left: ['content'],
      over: true,
    });
    expect(parseSwitchSaid('end\n')).toEqual({ state: 'gone', opened: [], left: [], over: false });
  });

  test.each([
    ['nothing', ''],
    ['a text that was cut off', 'state second\nopened orders-a1'],
    ['a word of another program', 'state second\nmolten core\nend\n'],
    ['a time that is none', 'opened orders-a1 yesterday\nend\n'],
  ])('is not believed when it is %s', (_, text) => expect(parseSwitchSaid(text)).toBeNull());
});

test('every source is asked only when every target has said: what it took meanwhile would look as if only the target had it', () => {
  const targets = plan.chains
    .flatMap(({ target }) => [...target.masters, ...target.replicas])
    .map(({ instance }) => instance);
  const asked: string[] = [];
  const world = inPassage();
  const silent =
    (dark: string) =>
    (node: string): Answer<FastFacts> | undefined => {
      asked.push(node);
      const value = factsOf(world.server(node), 1, world.nowMs());
      return node === dark ? undefined : { kind: 'ok', value, takenAt: 0, tookMs: 0 };
    };
  expect(askForJudgement(plan, silent(targets.at(-1) ?? ''))).toBeNull();
  expect(asked.toSorted()).toEqual(targets.toSorted());
  expect(askForJudgement(plan, silent('orders-a1'))).toBeNull();
  const all = askForJudgement(plan, silent('nobody'));
  expect(Object.keys(all ?? {}).toSorted()).toEqual(nodesToJudge(plan).toSorted());
});

/** A run behind its point of no return that promoted nothing, with the servers as they are then. */
function inPassage(): AnsweringWorld {
  const world = openWorld(bare);
  world.finish(({ ponrAt }) => ponrAt !== null);
  return world;
}

/** The same once every second stage is over: the switches said so, and each source takes writes. */
function back(
  world: AnsweringWorld,
  change: (server: ModelServer) => Partial<ModelServer> = () => ({}),
  said: Partial<SwitchSaid> = {},
): { readonly run: Run; readonly facts: Readonly<Record<string, FastFacts>> } {
  for (const id of masters) world.server(id).readOnly = false;
  for (const id of nodesToJudge(plan)) Object.assign(world.server(id), change(world.server(id)));
  const switches = Object.fromEntries(
    armedHosts(plan).map((host): readonly [string, SwitchSaid] => [
      host,
      {
        state: 'second',
        opened: masters
          .filter((id) => instanceOf(plan, id).host === host)
          .map((instance) => ({ instance, at })),
        left: [],
        over: true,
        ...said,
      },
    ]),
  );
  return {
    run: { ...world.run(), switches, outcome: 'needs-operator' },
    facts: Object.fromEntries(
      nodesToJudge(plan).map((id) => [id, factsOf(world.server(id), 1, world.nowMs())]),
    ),
  };
}

describe('a run whose switches opened its sources', () => {
  test('stands there when every word agrees', () => {
    const { run, facts } = back(inPassage());
    const { opened, wrong, stands } = judgeAtSource(run, plan, facts);
    expect(wrong).toEqual([]);
    expect(opened).toEqual(masters);
    expect(stands).toContain('orders-a1 at 02:13:04 UTC');
  });

  test('does not where a target takes writes too: both are named, and what to compare', () => {
    const { run, facts } = back(inPassage(), ({ id }) => (id === 'orders-t1' ? { readOnly: false } : {}));
    expect(judgeAtSource(run, plan, facts).wrong.join()).toMatch(
      /both sides of orders take writes .*orders-t1.* compare, table by table/,
    );
  });

  test('does not where a closed target holds what no source has: it was open for a moment', () => {
    const { run, facts } = back(inPassage(), ({ id, gtid }) =>
      id === 'orders-t1' ? { gtid: `${gtid},0-990-12345` } : {},
    );
    expect(judgeAtSource(run, plan, facts).wrong.join()).toMatch(
      /orders-t1 holds what no source has .*compare, table by table/,
    );
  });

  test('does not where something was not heard, or is still at work', () => {
    const { run, facts } = back(inPassage());
    const [host = ''] = armedHosts(plan);
    const { [host]: _gone, ...others } = run.switches;
    expect(judgeAtSource({ ...run, switches: others }, plan, facts).wrong).toEqual(
      expect.arrayContaining([`${host} did not say what its dead-man's switch did`]),
    );
    const busy = back(inPassage(), () => ({}), { over: false });
    expect(judgeAtSource(busy.run, plan, busy.facts).wrong.join()).toContain('is still at work');
    expect(judgeAtSource(run, plan, { ...facts, 'content-t1': null }).wrong).toContain(
      'content-t1 does not answer',
    );
  });

  test('does not where nobody knows who opened them', () => {
    const { run, facts } = back(inPassage(), () => ({}), { opened: [] });
    expect(judgeAtSource(run, plan, facts).wrong.join()).toContain('find out who did');
  });

  test('is never concluded before the point of no return, while it is driven, or once it is reversed', () => {
    const { run } = back(inPassage());
    expect(concludableAt({ ...run, ponrAt: null }, plan)).toEqual([]);
    expect(concludableAt({ ...run, outcome: null }, plan)).toEqual([]);
    expect(concludableAt({ ...run, outcome: 'reversed' }, plan)).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import type { PlanInput } from '../../../shared/plan/plan.ts';
import { decide, emptyRun } from '../../../shared/steps/decide.ts';
import { reverseEnds } from '../../../shared/plan/reverse-ends.ts';
import { openWorld } from '../../helpers/answering-world.ts';
import { intentsOf } from '../../helpers/night-checks.ts';
import { eventfulPlan, referencePlan, referenceWith } from '../../helpers/reference-plan.ts';

type ChainInput = PlanInput['chains'][number];
const orders = (change: (chain: ChainInput) => ChainInput) =>
  referenceWith((plan) => ({
    ...plan,
    chains: plan.chains.map((chain) => (chain.id === 'orders' ? change(chain) : chain)),
  }));

describe('plans of other shapes', () => {
  test('everything a plan may ask for: maintenance is over, events run, the fence is written down', () => {
    const world = openWorld(eventfulPlan());
    expect(world.finish().outcome).toBe('done');
    for (const host of world.model.hosts.values()) expect(host.maintenance, host.id).toBe(false);
    expect(world.model.hosts.get('colo-a-db')?.files.get('/etc/mysql/conf.d/cutover-fence.cnf')).toContain(
      'read_only=1',
    );
    expect(intentsOf(world, 'enableEvents').map(({ instance }) => instance)).toEqual(['orders-t1']);
  });

  test('maintenance ends on a host only after that host uses its target', () => {
    const world = openWorld(eventfulPlan());
    world.finish();
    const lines = world.intents.flatMap(({ command: { action } }) =>
      action.kind === 'ssh' && action.host === 'app-b1' ? [action.argv.join(' ')] : [],
    );
    expect(lines.slice(-3)).toEqual([
      '/usr/local/bin/switch-site us-west-2',
      '/usr/local/bin/site-in-use',
      '/usr/local/bin/maintenance off',
    ]);
  });

  test('one host in two fleets gets the commands of both', () => {
    const plan = referenceWith((input) => {
      const fleets = input.appFleets ?? [];
      const second = fleets.map((fleet) => ({
        ...fleet,
        id: 'office',
        switch: { 'us-east-1': ['/opt/office', 'east'] },
        verify: ['/opt/office-site'],
        hosts: [{ host: 'app-a1', source: 'colo-a', target: 'us-east-1' }],
      }));
      return { ...input, appFleets: [...fleets, ...second] };
    });
    const world = openWorld(plan);
    world.finish();
    const switched = world.intents.flatMap(({ command: { action } }) =>
      action.kind === 'ssh' && action.host === 'app-a1' && action.effect ? [action.argv[0]] : [],
    );
    expect(switched).toEqual(['/usr/local/bin/switch-site', '/opt/office']);
  });

  test('no applications and no clients', () => {
    const world = openWorld(
      referenceWith((plan) => ({ ...plan, appFleets: [], clients: [], dns: undefined })),
    );
    expect(world.finish().outcome).toBe('done');
    expect(world.intents.every(({ command }) => command.action.kind === 'mysql')).toBe(true);
  });

  test('no way back: nothing on the source is configured, started or expected there', () => {
    const world = openWorld(
      orders((chain) => ({ ...chain, wayBack: { none: 'the target is a newer major version' } })),
    );
    const run = world.finish();
    expect(run.outcome).toBe('done');
    for (const operation of ['configureLink', 'startLink', 'stopLink'])
      expect(intentsOf(world, operation).map(({ instance }) => instance)).not.toContain('orders-a1');
    expect(run.steps['canary']?.text).toContain('of content it came to the source');
    expect(intentsOf(world, 'readCanary').filter(({ instance }) => instance.startsWith('orders-a'))).toEqual(
      [],
    );
  });

  test('one source master: no ring is opened, nothing converges', () => {
    const plan = orders((chain) => ({
      ...chain,
      source: {
        masters: [{ instance: 'orders-a1' }],
        slaves: [{ instance: 'orders-s1', from: 'orders-a1' }],
      },
    }));
    const world = openWorld(plan);
    expect(world.finish().outcome).toBe('done');
    expect(intentsOf(world, 'stopLink').map(({ instance }) => instance)).toEqual(['content-a1']);
    expect(intentsOf(world, 'waitApplied')).toEqual([]);
  });

  test('MySQL with GTID: the ring stays closed, the fence is persisted', () => {
    const world = openWorld(
      referenceWith((plan) => ({ ...plan, simulator: { ...plan.simulator, flavor: 'mysql' } })),
    );
    const run = world.finish();
    expect(run.outcome).toBe('done');
    expect(intentsOf(world, 'stopLink')).toEqual([]);
    expect(run.steps['persist-fence:orders']?.text).toBe(
      'The fence outlives a restart of every source node.',
    );
  });

  test('MySQL that dies before it has persisted its fence starts again closed by a file', () => {
    const file = '/etc/mysql/conf.d/cutover-fence.cnf';
    const plan = eventfulPlan();
    const world = openWorld(
      referenceWith(() => ({ ...plan, simulator: { ...plan.simulator, flavor: 'mysql' } })),
      ({ operation, where }) =>
        operation === 'persistFence' && where === 'orders-a1'
          ? { answer: 'session-lost', effect: false }
          : undefined,
    );
    const run = world.finish();
    expect(run.steps['persist-fence:orders']?.text).toBe(
      'The fence outlives a restart of every source node.',
    );
    expect(world.model.hosts.get('colo-a-db')?.files.get(file)).toBe(
      '[mysqld]\nread_only=1\nsuper_read_only=1\n',
    );
    // Put there by a rename alone: what it takes to write it was done while everything was writable still.
    const moves = world.intents.filter(({ command: { action } }) => action.kind === 'ssh-move');
    expect(moves.map(({ command }) => command.key)).toEqual([
      'persist-fence:orders#1/orders-a1.drop-in@colo-a-db',
    ]);
  });

  test('file and position: the reverse link starts at the drained target’s own log', () => {
    const world = openWorld(
      orders((chain) => ({ ...chain, gtid: 'off' })),
      ({ command, where }, model) => {
        const target = model.servers.get('orders-t1');
        if (where === 'orders-t1' && command.key.startsWith('drain:') && target !== undefined)
          Object.assign(target, { file: 'target.000002', offset: 77 });
        return undefined;
      },
    );
    expect(world.finish().outcome).toBe('done');
    const configured = world.intents
      .map(({ command: { action } }) => action)
      .find(
        (action) =>
          action.kind === 'mysql' && action.operation === 'configureLink' && action.instance === 'orders-a1',
      );
    expect(configured).toMatchObject({ input: { from: { file: 'target.000002', offset: 77, gtid: '' } } });
  });

  test('several target masters: only the links from the source are removed', () => {
    const plan = orders((chain) => ({
      ...chain,
      target: {
        masters: [
          { instance: 'orders-t1', from: 'orders-a1' },
          { instance: 'orders-t2', from: 'orders-t1' },
        ],
        replicas: [],
      },
    }));
    const world = openWorld(plan);
    expect(world.finish().outcome).toBe('done');
    expect(intentsOf(world, 'removeLink').map(({ instance }) => instance)).toEqual([
      'orders-t1',
      'content-t1',
    ]);
    expect(world.server('orders-t2')).toMatchObject({
      readOnly: false,
      links: [{ channel: '', applier: 'running' }],
    });
  });

  test('the source master whose log the target repeats is the one that follows it afterwards', () => {
    const [chain] = orders((each) => ({
      ...each,
      target: {
        masters: [{ instance: 'orders-t1', from: 'orders-b1' }],
        replicas: [{ instance: 'orders-t2', from: 'orders-t1' }],
      },
    })).chains;
    expect(chain && reverseEnds(chain)).toEqual({
      receiver: 'orders-b1',
      from: 'orders-t1',
      ringChannel: '',
    });
    const [slaved] = orders((each) => ({
      ...each,
      source: { ...each.source, slaves: [{ instance: 'orders-s1', from: 'orders-b1' }] },
      target: { masters: [{ instance: 'orders-t1', from: 'orders-s1' }], replicas: [] },
    })).chains;
    expect(slaved && reverseEnds(slaved).receiver).toBe('orders-b1');
    const [first] = referencePlan().chains;
    expect(first && reverseEnds(first).receiver).toBe('orders-a1');
  });

  test('a named channel is removed by its name', () => {
    const world = openWorld(
      orders((chain) => ({
        ...chain,
        target: {
          masters: [{ instance: 'orders-t1', from: 'orders-a1', channel: 'forward' }],
          replicas: [{ instance: 'orders-t2', from: 'orders-t1' }],
        },
      })),
    );
    expect(world.finish().outcome).toBe('done');
    const removed = world.intents
      .map(({ command: { action } }) => action)
      .find(
        (action) =>
          action.kind === 'mysql' && action.operation === 'removeLink' && action.instance === 'orders-t1',
      );
    expect(removed).toMatchObject({ input: { channel: 'forward' } });
  });
});

describe('a slave that takes writes', () => {
  const open = (
    { where, command }: { readonly where: string; readonly command: { readonly key: string } },
    model: ReturnType<typeof openWorld>['model'],
  ) => {
    const slave = model.servers.get('orders-s1');
    if (command.key === 'quiet#1/before@orders-s1' && where === 'orders-s1' && slave !== undefined)
      slave.readOnly = false;
    return undefined;
  };

  test('is fenced, proven and thawed like a master', () => {
    const world = openWorld(referencePlan(), (call, model) =>
      call.command.key.startsWith('prove:content#1/second') ? { answer: { code: 1 } } : open(call, model),
    );
    const run = world.finish();
    expect(run.outcome).toBe('thawed');
    expect(intentsOf(world, 'fence').map(({ instance }) => instance)).toContain('orders-s1');
    expect(intentsOf(world, 'thaw').map(({ instance }) => instance)).toContain('orders-s1');
  });

  test('its own rows are looked for on the target', () => {
    const world = openWorld(referencePlan(), (call, model) => {
      const slave = model.servers.get('orders-s1');
      if (call.command.key === 'fence:orders#1/fence1@orders-s1' && slave !== undefined)
        slave.gtid += ',0-3-101';
      return open(call, model);
    });
    const run = world.finish();
    expect(run.outcome).toBe('thawed');
    expect(run.abortReason).toContain(
      'orders-t1 lacks 0-3-101 and all before; expected it to contain everything',
    );
  });

  test('without GTID nothing can be proven, and the run says so', () => {
    const world = openWorld(
      orders((chain) => ({ ...chain, gtid: 'off' })),
      open,
    );
    expect(world.finish().outcome).toBe('thawed');
    expect(world.run().abortReason).toContain(
      'without GTID nothing can prove that its writes are on the target',
    );
  });
});

test('a run that has not begun knows no threads and no identities: nothing can be released', () => {
  const moment = { utcMs: 0, monoMs: 0 };
  const empty = emptyRun('r', referencePlan(), moment);
  const { run, commands } = decide(empty, referencePlan(), {
    moment,
    event: { kind: 'released', hold: 'lock', who: 'Dana' },
  });
  expect(run).toMatchObject({ phase: 'held', heldAt: 'lock', releasedBy: {} });
  expect(commands).toEqual([]);
});

import type { HostChoice, InstanceChoice } from '../../shared/plan/scenario.ts';
import type { Server, World } from './world.ts';

/** The server a fault means: by id, or by its role in a chain. */
export function serverChosen(world: World, choice: InstanceChoice): Server | undefined {
  if (typeof choice === 'string') return world.servers.get(choice);
  const chain = choice.chain === undefined ? [...world.chains.values()][0] : world.chains.get(choice.chain);
  const [side, role] = {
    'source-master': ['source', 'master'],
    'source-slave': ['source', 'replica'],
    'target-master': ['target', 'master'],
    'target-replica': ['target', 'replica'],
  }[choice.role];
  return chain?.servers.filter((server) => server.side === side && server.role === role)[choice.nth - 1];
}

/** The hosts a fault means. */
export function hostsChosen(world: World, choice: HostChoice): readonly string[] {
  if (typeof choice === 'string') return [choice];
  if ('appHost' in choice) return [...world.appHosts.keys()].slice(choice.appHost - 1, choice.appHost);
  const server = serverChosen(world, choice.hostOf);
  return server === undefined ? [] : [server.host];
}

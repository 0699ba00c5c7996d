import { setOf } from '../helpers/record-sets.ts';
import { emulatorWorld, valueOf } from '../helpers/route53-world.ts';
import type { ChangeBatch } from '../../shared/steps/change-batch.ts';

// How long a change batch takes from being asked for until it stands at the server, and until its answer is here:
// `node resources/dev/run.mjs test/bench/route53.ts`. The server is the emulator on loopback, so the network is left out.
const rounds = 20;
const limitMs = 20_000;
const world = await emulatorWorld();
const channel = await world.open();
const pause = (ms: number) => new Promise((over) => setTimeout(over, ms));

for (const count of [2, 100]) {
  const sets = Array.from({ length: count }, (_, at) => setOf({ name: `n${at}.shop.example` }));
  const batch: ChangeBatch = { changes: sets.map((set) => ({ action: 'UPSERT', set })) };
  const sent: number[] = [];
  const answered: number[] = [];
  const connections = world.emulator.connections();
  for (let round = 0; round < rounds; round += 1) {
    // As in the minute: nothing else was asked in the second before.
    await pause(300);
    const heard = world.emulator.heard().length;
    const begun = performance.now();
    valueOf(await channel.change(batch, 'bench', limitMs));
    answered.push(performance.now() - begun);
    const lines = world.emulator.heard().slice(heard);
    if (lines.length !== 1) throw new Error(`expected one request, seen ${lines.length}`);
    sent.push((lines[0]?.at ?? 0) - begun);
  }
  const figures = { sets: count, rounds, ...of('atServerMs', sent), ...of('answeredMs', answered) };
  console.log(JSON.stringify({ ...figures, newConnections: world.emulator.connections() - connections }));
}
await channel.close();
await world.stop();

function of(name: string, values: readonly number[]): Record<string, number> {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number =>
    Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1));
  return { [`${name}P50`]: at(0.5), [`${name}P95`]: at(0.95) };
}

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Played } from './play-night.ts';
import type { PlayOne, Series } from './series.ts';

/** Runs `work` with so many threads that play nights; each takes the next seed as soon as it is free. */
export async function withJobs<T>(jobs: number, work: (play: PlayOne) => Promise<T>): Promise<T> {
  const workers = Array.from(
    { length: jobs },
    () => new Worker(new URL('./night-worker.ts', import.meta.url)),
  );
  const free = [...workers];
  const waiting: ((worker: Worker) => void)[] = [];
  const give = (worker: Worker): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(worker);
    else next(worker);
  };
  const take = (): Promise<Worker> => {
    const worker = free.pop();
    return worker === undefined ? new Promise((taken) => waiting.push(taken)) : Promise.resolve(worker);
  };
  const play = async (series: Series, seed: number): Promise<Played> => {
    const worker = await take();
    worker.postMessage({ series, seed });
    // A thread that fails rejects here, with its own error: the series ends loudly.
    const [played] = (await once(worker, 'message')) as [Played];
    give(worker);
    return played;
  };
  try {
    return await work(play);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

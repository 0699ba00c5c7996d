// Plays nights in a thread of its own: what `series-jobs.ts` sends comes back as what each night came to.
import { parentPort } from 'node:worker_threads';
import { playSeed, type Playing } from './series.ts';

parentPort?.on('message', ({ series, seed }: Playing) => {
  void playSeed(series, seed).then((played) => parentPort?.postMessage(played));
});

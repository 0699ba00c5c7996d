import type { Alarm } from './event.ts';
import type { StepId } from './order.ts';

/** What is being done, in the words an operator reads at 3 a.m.; `{chain}` stands for the chain's name. */
const doing: { readonly [K in StepId]: string } = {
  lock: 'Taking the run lock on every database',
  'pre-drain': 'Waiting until the target of {chain} is near its source',
  arm: "Arming the dead-man's switch",
  quiet: 'Quieting jobs and schedulers on the source',
  fence: 'Fencing {chain}: no source node may take a write',
  'end-sessions': 'Ending the sessions on {chain} from before the fence',
  'configure-reverse': 'Configuring the way back of {chain}',
  converge: 'Letting the co-masters of {chain} agree',
  drain: 'Draining {chain}: the target applies the last writes',
  'prepare-reverse': 'Opening the ring of {chain} for the way back',
  prove: 'Proving that {chain} lost nothing',
  barrier: 'Waiting for every chain at the barrier',
  claim: 'Entering the narrow passage',
  'last-look': 'Looking at every source and target once more',
  mirror: "Seeing the point of no return on the journal's mirror",
  'persist-fence': 'Holding the source of {chain} shut, restarts included',
  detach: 'Taking the target of {chain} off its source',
  promote: 'Opening the target of {chain} for writes',
  restore: 'Setting back what keeps the target of {chain} from being as it was',
  redirect: 'Switching the application hosts',
  flip: 'Turning the health checks of Route 53',
  announce: 'Changing Route 53',
  reverse: 'Starting the reverse link of {chain}',
  events: 'Switching on the events of {chain}',
  canary: 'Sending a canary through every region',
  residue: 'Ending what still sits on the source',
  unwind: 'Taking everything back: the source takes writes again',
  close: "Closing: removing the cockpit's schema",
};

/** A running step as one short sentence, without its full stop. */
export function doingText(step: StepId, chain: string | null): string {
  return doing[step].replace('{chain}', chain ?? '');
}

/** An alarm in one line: where, what was seen, what was expected. */
export function alarmText({
  instance,
  seen,
  expected,
}: Pick<Alarm, 'instance' | 'seen' | 'expected'>): string {
  return `${instance}: ${seen}; expected ${expected}`;
}

/** Beside the figure of lost writes, where the dead-man's switch opened the source again behind the point of no return. */
export const countedOnSource = "counted on the source, which its dead-man's switch opened again";

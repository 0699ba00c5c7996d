import { present } from '../lib/assert.ts';
import { canary, events, redirect, residue } from './after.ts';
import { announce } from './announce.ts';
import { arm } from './arm.ts';
import { lock, preDrain } from './before-fence.ts';
import { close } from './close.ts';
import { converge } from './converge.ts';
import { drain } from './drain.ts';
import { persistFence } from './durable-fence.ts';
import { endSessions } from './end-sessions.ts';
import { fence } from './fence.ts';
import { flip } from './flip.ts';
import { lockAgain } from './lock-again.ts';
import { mirror } from './mirror.ts';
import type { ChainStepFunction, Progress, StepContext, StepFunction } from './need.ts';
import type { StepId } from './order.ts';
import { claim, lastLook } from './passage.ts';
import { detach, promote } from './promote.ts';
import { barrier, prove } from './prove.ts';
import { quiet } from './quiet.ts';
import { restore } from './restore.ts';
import { reverse } from './reverse.ts';
import { unwind } from './unwind.ts';
import { configureReverse, prepareReverse } from './way-back.ts';

/** One function per step; a new step does not compile until it is here. */
const functions: { readonly [K in StepId]: StepFunction | { readonly perChain: ChainStepFunction } } = {
  lock: (context) => (context.attempt > 1 ? lockAgain(context) : lock(context)),
  'pre-drain': { perChain: preDrain },
  arm,
  quiet,
  fence: { perChain: fence },
  'end-sessions': { perChain: endSessions },
  'configure-reverse': { perChain: configureReverse },
  converge: { perChain: converge },
  drain: { perChain: drain },
  'prepare-reverse': { perChain: prepareReverse },
  prove: { perChain: prove },
  barrier,
  claim,
  'last-look': lastLook,
  mirror,
  'persist-fence': { perChain: persistFence },
  detach: { perChain: detach },
  promote: { perChain: promote },
  restore: { perChain: restore },
  redirect,
  flip,
  announce,
  reverse: { perChain: reverse },
  events: { perChain: events },
  canary,
  residue,
  unwind,
  close,
};

/** Asks the function of a step, for its chain where it has one. */
export function performStep(step: StepId, context: StepContext, chain: string | null): Progress {
  const known = functions[step];
  if (typeof known === 'function') return known(context);
  return known.perChain(
    context,
    present(
      context.plan.chains.find(({ id }) => id === chain),
      `chain ${chain}`,
    ),
  );
}

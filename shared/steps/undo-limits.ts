import type { Plan } from '../plan/plan.ts';
import { quickMs } from './need.ts';

/** How long one command of the undo to a host may take: a slow host is waited for within the undo's own budget. */
export const undoHostMs = ({ limits }: Plan): number => Math.max(quickMs, limits.abortMs / 5);

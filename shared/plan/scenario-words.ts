import { z } from 'zod';

/** Words that all faults of a script share. */

export const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
export const milliseconds = z.int().min(0).max(3_600_000);
export const times = z.int().min(1).max(1_000).default(1);

import { z } from 'zod';
import type { DnsView } from './dns-view.ts';
import type { ResidueView } from './residue-view.ts';
import type { SeriesPoint, View } from './view.ts';

/**
 * The whole contract between the screen and main, one table: names, requests, and who may ask.
 * The renderer sends names and ids that it was shown, never SQL, a command line or a host name.
 */
const name = z.string().min(1).max(200);
const reason = z.string().min(3).max(1000);

export const requests = {
  /** The newest view; `since` lets main answer quickly when nothing changed. */
  view: { input: z.strictObject({}), mutates: false },
  prepare: { input: z.strictObject({}), mutates: true },
  /** Writes one planned record set of each DNS zone as it stands. */
  proveZones: { input: z.strictObject({ who: name }), mutates: true },
  answerChecklist: {
    input: z.strictObject({ item: name, answer: z.enum(['yes', 'no']), who: name }),
    mutates: true,
  },
  overrideGate: { input: z.strictObject({ gate: name, reason, who: name }), mutates: true },
  withdrawOverride: { input: z.strictObject({ gate: name, who: name }), mutates: true },
  acceptHostKey: { input: z.strictObject({ host: name, fingerprint: name, who: name }), mutates: true },
  /** Goes to go/no-go: freezes the snapshot, builds forecast and statements, returns a permit. */
  arm: { input: z.strictObject({ who: name }), mutates: true },
  disarm: { input: z.strictObject({}), mutates: true },
  /** Press and hold done: releases the hold named, with the permit that go/no-go showed. */
  release: { input: z.strictObject({ hold: name, permit: name, who: name }), mutates: true },
  abort: { input: z.strictObject({ who: name, reason: z.string().max(1000) }), mutates: true },
  /** Takes up the run that another cockpit left on this machine: back before the PONR, forward after it. */
  resume: { input: z.strictObject({ run: name, who: name }), mutates: true },
  /** Drives on from here the run that another cockpit drives: that one is ousted, its sessions are ended on every server. */
  takeover: { input: z.strictObject({ run: name, who: name }), mutates: true },
  /** `overwrite`: what the zones of the shown difference hold now is overwritten. */
  retry: {
    input: z.strictObject({ step: name, overwrite: z.boolean().optional(), who: name }),
    mutates: true,
  },
  close: { input: z.strictObject({ who: name }), mutates: true },
  /** Past the point of no return: to the go/no-go of the way back. Nothing is changed before its own release. */
  reverse: { input: z.strictObject({ who: name }), mutates: true },
  /** After a run has ended: a new one may be prepared. From a way back that was not begun: to the watch of its run. */
  startOver: { input: z.strictObject({ who: name }), mutates: true },
  exportAudit: { input: z.strictObject({ format: z.enum(['json', 'csv', 'html']) }), mutates: false },
} as const satisfies Record<string, { readonly input: z.ZodType; readonly mutates: boolean }>;

export type RequestName = keyof typeof requests;
export type RequestInput<K extends RequestName> = z.infer<(typeof requests)[K]['input']>;

/** What a request answers: `value` is null unless said otherwise (arm: `{permit}`; exportAudit: the text; view: View). */
export type Reply =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/** What main pushes. `seq` grows by one with each message, so a gap is seen. */
export type Push =
  | { readonly kind: 'view'; readonly seq: number; readonly view: View }
  | { readonly kind: 'series'; readonly seq: number; readonly point: SeriesPoint }
  | { readonly kind: 'dns'; readonly seq: number; readonly dns: DnsView }
  | { readonly kind: 'residue'; readonly seq: number; readonly residue: ResidueView | null };

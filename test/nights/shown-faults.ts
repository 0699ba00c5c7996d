import type { ClusterKind } from './draw-cluster.ts';
import type { Kind } from './draw-fault.ts';

/** What a night may have beside a fault of the catalogue. */
export type Event = 'crash' | 'abort' | 'abort twice' | 'retry' | 'reverse' | 'sleep' | 'wait';

/** A row of the fault matrix (F) or of the pitfalls (P), and what shows it in simulated nights; or why nothing there can. */
export type Shown = { readonly row: string; readonly what: string } & (
  | { readonly by: readonly (Kind | ClusterKind | Event)[] }
  /** A rehearsal card shows it: preflight would have to find it before any night. */
  | { readonly card: string }
  | { readonly not: string }
);

/** Every row of the fault matrix. */
export const shownFaults: readonly Shown[] = [
  { row: 'F1', what: 'a long UPDATE holds the fence up', by: ['long-transaction'] },
  { row: 'F2', what: 'LOCK TABLES by an idle session', by: ['long-transaction'] },
  { row: 'F3', what: 'an idle transaction with row locks', by: ['long-transaction'] },
  { row: 'F4', what: 'a writer of a table without transactions', by: ['long-transaction'] },
  { row: 'F5', what: 'ALTER or CREATE … SELECT runs', by: ['long-transaction'] },
  { row: 'F6', what: 'a backup holds FLUSH TABLES WITH READ LOCK', by: ['long-transaction'] },
  { row: 'F7', what: 'a commit waits for its semi-sync acknowledgement', by: ['long-transaction'] },
  { row: 'F8', what: 'XA prepared before the fence', by: ['prepared-transaction'] },
  { row: 'F9', what: 'XA COMMIT between the fence and the last reading', by: ['prepared-transaction'] },
  { row: 'F10', what: 'XA COMMIT after the drain', by: ['prepared-transaction'] },
  { row: 'F11', what: 'an event sets read_only off', by: ['writable'] },
  { row: 'F12', what: 'a routine of an account that bypasses', by: ['late-write', 'bypass-account'] },
  { row: 'F13', what: 'somebody turns read_only off by hand', by: ['writable'] },
  { row: 'F14', what: 'a GTID from FLUSH or cron after the fence', by: ['late-write'] },
  { row: 'F15', what: 'a source is killed and comes back writable', by: ['server-killed'] },
  { row: 'F16', what: 'a source is killed and stays down', card: 'source-gone' },
  { row: 'F17', what: 'a source is stopped for a while', by: ['server-paused'] },
  { row: 'F18', what: 'a source restarts after the night', by: ['server-killed'] },
  { row: 'F19', what: 'the cockpit dies while a fence waits', by: ['crash', 'long-transaction'] },
  { row: 'F20', what: 'the cockpit dies before the result of a fence', by: ['crash'] },
  { row: 'F21', what: 'the cockpit dies between stop and reset of the link', by: ['crash'] },
  { row: 'F22', what: 'the cockpit dies before it records that a target is open', by: ['crash'] },
  { row: 'F23', what: 'the cockpit dies while it waits for DNS', by: ['crash', 'zone-reply'] },
  { row: 'F24', what: 'a torn last record', by: ['crash'] },
  {
    row: 'F25',
    what: 'the journal cannot be written',
    not: 'a journal in memory cannot fail; test/engine/runner.test.ts',
  },
  { row: 'F26', what: 'the laptop sleeps', by: ['sleep'] },
  { row: 'F27', what: 'the cockpit is cut off from a source', by: ['partition'] },
  { row: 'F28', what: 'the cockpit is cut off from a target', by: ['partition'] },
  { row: 'F29', what: 'source and target are cut off', by: ['partition'] },
  { row: 'F30', what: 'cuts in any order', by: ['partition'] },
  {
    row: 'F31',
    what: 'loss one way, long delays',
    not: 'a cut of the simulated network is whole; test/lab/faults',
  },
  { row: 'F32', what: 'the reply to a write is lost', by: ['reply', 'cluster-reply'] },
  { row: 'F33', what: "the driver's own limit passes", by: ['reply'] },
  {
    row: 'F34',
    what: 'no new connection is let in',
    not: 'a night opens none; test/rehearsals/no-connection.test.ts',
  },
  { row: 'F35', what: "somebody kills the cockpit's session", by: ['lost-session'] },
  { row: 'F36', what: 'a session that holds a lock is dropped', by: ['lost-session'] },
  { row: 'F37', what: 'the applier stops at an error', by: ['applier-stopped'] },
  { row: 'F38', what: 'somebody stops the applier', by: ['applier-stopped'] },
  { row: 'F39', what: 'something on the target holds its applier up', by: ['lag-spike', 'long-transaction'] },
  { row: 'F40', what: 'a delayed replica', by: ['lag-spike'] },
  // A disk is not simulated; what comes of it is: an applier that says nothing more, and a status that does not answer.
  { row: 'F41', what: "the target's relay log fills its disk", by: ['reply', 'server-paused'] },
  { row: 'F42', what: 'a target is killed while it applies', by: ['server-killed'] },
  { row: 'F43', what: 'a target is killed right after it was opened', by: ['server-killed'] },
  { row: 'F44', what: 'an errant transaction on a target', by: ['errant-transaction'] },
  {
    row: 'F45',
    what: 'a replication filter on the target',
    not: 'no night adds one; test/shared/steps/lying-world.test.ts',
  },
  { row: 'F46', what: 'a server id twice', not: 'preflight alone; test/shared/gates' },
  { row: 'F47', what: 'a replica of a target is down', by: ['server-killed'] },
  { row: 'F48', what: 'the other co-master still writes', by: ['writable'] },
  { row: 'F49', what: 'one chain is proven, another fails', by: ['reply', 'applier-stopped'] },
  { row: 'F50', what: 'one chain is open, another fails', by: ['reply', 'server-killed'] },
  { row: 'F51', what: 'the reverse link cannot log in', by: ['reply'] },
  { row: 'F52', what: 'the reverse link breaks afterwards', by: ['applier-stopped', 'partition'] },
  {
    row: 'F53',
    what: 'a definer without an account',
    not: 'the simulated servers have no routines; test/shared/gates/writers.test.ts',
  },
  { row: 'F54', what: 'an application host is not reached', by: ['host-unreachable', 'lost-channel'] },
  { row: 'F55', what: "a host's key changed", card: 'unknown-host-key' },
  {
    row: 'F56',
    what: 'a command on a host hangs or fails',
    by: ['failed-switch', 'host-reply', 'host-unreachable'],
  },
  {
    row: 'F57',
    what: 'somebody changed a file since',
    not: 'the cockpit changes no file of others; its own fence: test/shared/steps/file-looks.test.ts',
  },
  { row: 'F58', what: 'an application comes back to the source', by: ['kept-session'] },
  { row: 'F59', what: 'Route 53 throttles', by: ['zone-reply'] },
  { row: 'F60', what: 'the AWS token expires', by: ['credentials-expired'] },
  {
    row: 'F61',
    what: 'a DNS change stays pending',
    not: 'every change does for a while, no fault is needed; test/rehearsals/alone.test.ts',
  },
  { row: 'F62', what: 'somebody edits the records', by: ['zone-changed', 'cluster-changed'] },
  { row: 'F63', what: 'a second cockpit starts', by: ['sleep'] },
  { row: 'F64', what: 'a second cockpit takes over', by: ['sleep'] },
  { row: 'F65', what: 'Abort twice, and during the promotion', by: ['abort', 'abort twice'] },
  { row: 'F66', what: 'the undo fails half-way', by: ['reply', 'retry'] },
  { row: 'F67', what: 'Reverse after the target took writes', by: ['reverse'] },
  { row: 'F68', what: 'Reverse brings the events back', by: ['reverse'] },
  { row: 'F69', what: 'clocks are wrong', by: ['clock-offset'] },
  { row: 'F70', what: 'a hostile plan', not: 'test/shared/plan: it never becomes a night' },
  { row: 'F71', what: 'a rogue server', not: 'TLS is the work of an adapter; test/lab' },
  { row: 'F72', what: 'a hostile web page', not: 'shells are not simulated; test/contract' },
];

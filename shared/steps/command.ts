import type { OperationInput, OperationName } from '../sessions/operations.ts';
import type { SessionPurpose } from '../sessions/session.ts';
import type { DnsName } from '../observations/dns-name.ts';
import type { RecordSet } from '../observations/record-set.ts';
import type { ClusterEndpoint } from '../plan/plan-flip.ts';
import type { RoutingStates, ZoneChange } from '../sessions/zone-answers.ts';
import type { ChangeBatch } from './change-batch.ts';
import type { UndoItem } from './undo.ts';

/** A call on one MySQL session. `limitMs` bounds the wait for the answer, not the statement on the server. */
export type MysqlCommand = {
  [K in OperationName]: {
    readonly kind: 'mysql';
    readonly instance: string;
    readonly session: SessionPurpose;
    readonly operation: K;
    readonly input: OperationInput<K>;
  };
}[OperationName];

/** A channel of its own to the host, so that what hangs on the run's other one does not hold it up. Without one: the run's. */
export type SshWay = 'flip';

/** A line on the open channel of one SSH host. The answer's value is the command's standard output. */
export type SshCommand = {
  readonly kind: 'ssh';
  readonly host: string;
  readonly argv: readonly string[];
  /** False for a pure look (verify); true when the host is changed. */
  readonly effect: boolean;
  readonly way?: SshWay;
};

/** Puts a drop-in file in place (or takes it away), by temporary file and rename, and reads its SHA-256 back. */
export type SshFileCommand = {
  readonly kind: 'ssh-file';
  readonly host: string;
  readonly path: string;
  /** null removes the file. */
  readonly content: string | null;
  readonly way?: SshWay;
};

/** Renames a file that was put beside its place before, so that in the passage one rename is all that is left to do. */
export type SshMoveCommand = {
  readonly kind: 'ssh-move';
  readonly host: string;
  readonly from: string;
  readonly to: string;
};

/** Takes this driver's epoch on a host, or takes its file away when the run is over there. */
export type SshEpochCommand = {
  readonly kind: 'ssh-epoch';
  readonly host: string;
  readonly order: 'take' | 'drop';
};

/** Waits until the mirror of the journal has everything that was recorded so far, flushed to its disk. */
export type MirrorCommand = { readonly kind: 'mirror'; readonly host: string };

/** One write and read-back through the application's real path, as the named http client would do it. */
export type AppCanaryCommand = { readonly kind: 'app-canary'; readonly client: string; readonly id: string };

/** One call to Route 53 on the channel of a zone of the plan. Only `change` changes anything. */
export type ZoneCommand = { readonly kind: 'zone'; readonly zone: string } & (
  | { readonly ask: 'change'; readonly batch: ChangeBatch; readonly comment: string }
  | { readonly ask: 'changeState'; readonly changeId: string }
  | { readonly ask: 'listNames'; readonly names: readonly DnsName[] }
);
export type ZoneAsk = ZoneCommand['ask'];
export type ZoneValue<A extends ZoneAsk> = A extends 'listNames' ? readonly RecordSet[] : ZoneChange;

/** One call to one endpoint of the flip's ARC cluster. Only `set` changes anything, and all of it or nothing. */
export type RoutingCommand = { readonly kind: 'routing'; readonly endpoint: ClusterEndpoint } & (
  | { readonly ask: 'read'; readonly controls: readonly string[] }
  | { readonly ask: 'set'; readonly states: RoutingStates }
);

/** What a step wants done. Decided in shared/steps, performed in main/engine/perform.ts, never elsewhere. */
export type Action =
  | MysqlCommand
  | SshCommand
  | SshFileCommand
  | SshMoveCommand
  | SshEpochCommand
  | MirrorCommand
  | AppCanaryCommand
  | ZoneCommand
  | RoutingCommand;

/** An action with its place in the run. The key is unique in the run; an action is issued once per key. */
export type Command = {
  readonly key: string;
  readonly action: Action;
  readonly limitMs: number;
  /** What sets this back; on the run's undo list before the action is performed. */
  readonly undo?: UndoItem;
};

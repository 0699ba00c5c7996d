/** One replication link as its receiving side reports it. */
export type ReplicationLink = {
  readonly channel: string;
  readonly sourceHost: string;
  readonly sourcePort: number;
  /** 0 until the link has connected once. */
  readonly sourceServerId: number;
  readonly sourceUuid: string | null;
  readonly receiver: 'running' | 'connecting' | 'stopped';
  readonly applier: 'running' | 'stopped';
  readonly receiverError: { readonly code: number; readonly message: string } | null;
  readonly applierError: { readonly code: number; readonly message: string } | null;
  readonly secondsBehind: number | null;
  readonly delaySeconds: number;
  /** How far the receiver has read the source's log. */
  readonly readFile: string;
  readonly readOffset: number;
  /** Which event of the source's log was applied last. */
  readonly appliedFile: string;
  readonly appliedOffset: number;
  readonly relayBytes: number | null;
  readonly usesGtid: boolean;
  readonly retrievedGtid: string;
  readonly filters: readonly string[];
};

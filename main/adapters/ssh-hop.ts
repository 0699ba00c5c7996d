/** One SSH server on the way to a host, with all that is needed to reach it and to know it again. The last hop is the host. */
export type Hop = {
  /** The plan's host id, or the known_hosts name of a hop that only ssh_config knows. */
  readonly label: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The name its key is listed under. */
  readonly keyName: string;
  readonly knownHosts: readonly string[];
  /** `asked`: named by the plan or ssh_config rather than one of OpenSSH's default files. */
  readonly identityFiles: readonly { readonly path: string; readonly asked: boolean }[];
  readonly agentSocket: string | null;
  readonly identitiesOnly: boolean;
};

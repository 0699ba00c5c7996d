/** A file that the run will put in place or take away, as its host shows it to the login of the run. */
export type FileSeen = {
  readonly there: boolean;
  /** Whether the login may put files into its folder and take them away. */
  readonly writable: boolean;
};

/** The file by which a server would start closed, before the run. */
export type DropInSeen = FileSeen & {
  /** Whether its folder is there at all. */
  readonly folder: boolean;
};

/** Where a switch lies on its host. Names carry run and host: several hosts may share one home. */
export function switchPlace(runId: string, host: string) {
  const name = `.cutover-${runId}-${host}`;
  return {
    script: `~/${name}.sh`,
    /** As a command on the channel names it, which begins in the home. */
    command: `${name}.sh`,
    alive: `${name}/alive`,
  };
}

/** The claim of a switch, as the host's channel takes it: ok only with a sign of life from after the rename. */
export function claimArgv(runId: string, host: string): readonly string[] {
  return ['sh', switchPlace(runId, host).command, 'claim'];
}

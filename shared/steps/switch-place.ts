/** When a claimed switch hears nothing of the run's end for this long, its second stage acts, ms. */
export const secondStageMs = 10_000;

/** Where a switch lies on its host. Names carry run and host: several hosts may share one home. */
export function switchPlace(runId: string, host: string) {
  const name = `.cutover-${runId}-${host}`;
  const at = (file: string): string => `~/${name}/${file}`;
  return {
    script: `~/${name}.sh`,
    /** As a command on the channel names it, which begins in the home. */
    command: `${name}.sh`,
    alive: `${name}/alive`,
    armed: at('armed'),
    claimed: at('claimed'),
  };
}

/**
 * The time limit of a call that waits for a socket. It looks once at what has come in before it fires: after a moment in
 * which this process did not run (a full processor, a laptop that slept), Node runs late timers before it reads, and would
 * give up a session whose answer has been lying there all along.
 */
export function limitTimer(limitMs: number, call: () => void): { readonly cancel: () => void } {
  let look: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => (look = setImmediate(call)), Math.max(0, limitMs));
  return {
    cancel: () => {
      clearTimeout(timer);
      clearImmediate(look);
    },
  };
}

/**
 * Works something out once for each thing it is asked of, and forgets it with that. The thing must never change (a plan, a
 * chain, a list), and `work` must hang on it alone: then nobody can tell a remembered answer from a fresh one.
 */
export function onceFor<K extends object, V>(work: (of: K) => V): (of: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (of) => {
    const found = known.get(of);
    if (found !== undefined) return found.value;
    const value = work(of);
    known.set(of, { value });
    return value;
  };
}

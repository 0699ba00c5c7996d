/** Chance from a seed: the same seed and label give the same numbers on every machine. */
export type Random = {
  /** From 0 up to, not including, 1. */
  readonly next: () => number;
  readonly between: (low: number, high: number) => number;
  readonly whole: (below: number) => number;
};

function hash32(text: string, start: number): number {
  let hash = start >>> 0;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  hash = Math.imul(hash, 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** A generator of its own for one part of the world, so that one part's use of chance never moves another's. */
export function seeded(seed: number, label: string): Random {
  let state = hash32(label, hash32(String(seed), 0x811c9dc5));
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    whole: (below) => Math.floor(next() * below),
  };
}

/** 64 hexadecimal digits that stand for a text. Good for comparing, not for secrets: the world has none. */
export function fingerprint(text: string): string {
  let out = '';
  for (let part = 0; part < 8; part++) {
    out += hash32(`${part}:${text}`, 0x9e3779b9 + part * 0x1f35)
      .toString(16)
      .padStart(8, '0');
  }
  return out;
}

/** A UUID that belongs to a text. */
export function uuidOf(text: string): string {
  const hex = fingerprint(text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** An SSH host key fingerprint (SHA256:…) that belongs to a text. */
export function hostKeyOf(text: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const random = seeded(7, `host key ${text}`);
  let key = 'SHA256:';
  for (let index = 0; index < 43; index++) key += letters[random.whole(64)] ?? 'A';
  return key;
}

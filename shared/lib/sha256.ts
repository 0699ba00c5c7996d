import { utf8Bytes } from './utf8.ts';

/** A SHA-256 of a text's UTF-8 bytes as 64 lower-case hex digits. main passes the platform's faster one where speed counts. */
export type Sha256 = (text: string) => string;

// shared/ has no platform hash, and a digest must be the same on the screen, in main and in a replay: hence our own,
// held against node:crypto by a property test. FIPS 180-4, constants derived instead of typed in.
const { roundConstants, startState } = deriveConstants();

function deriveConstants(): { roundConstants: Uint32Array; startState: readonly number[] } {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < 64; candidate += 1)
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) >>> 0;
  return {
    roundConstants: Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
    startState: primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))),
  };
}

function padded(bytes: readonly number[]): Uint8Array {
  const length = Math.ceil((bytes.length + 9) / 64) * 64;
  const message = new Uint8Array(length);
  message.set(bytes);
  message[bytes.length] = 0x80;
  const view = new DataView(message.buffer);
  view.setUint32(length - 8, Math.floor((bytes.length * 8) / 2 ** 32));
  view.setUint32(length - 4, (bytes.length * 8) >>> 0);
  return message;
}

function rotated(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function schedule(view: DataView, offset: number): Uint32Array {
  const words = new Uint32Array(64);
  const at = (index: number): number => words[index] ?? 0;
  for (let index = 0; index < 16; index += 1) words[index] = view.getUint32(offset + index * 4);
  for (let index = 16; index < 64; index += 1) {
    const early = at(index - 15);
    const late = at(index - 2);
    const low = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const high = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    words[index] = at(index - 16) + low + at(index - 7) + high;
  }
  return words;
}

function compress(state: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let index = 0; index < 64; index += 1) {
    const mixE = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + mixE + ((e & f) ^ (~e & g)) + (roundConstants[index] ?? 0) + (words[index] ?? 0)) | 0;
    const mixA = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = (mixA + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => (state[index] = (state[index] ?? 0) + word));
}

/** Hashes a text (as UTF-8) with SHA-256; answers 64 lower-case hex digits. */
export function sha256(text: string): string {
  const message = padded(utf8Bytes(text));
  const view = new DataView(message.buffer);
  const state = Uint32Array.from(startState);
  for (let offset = 0; offset < message.length; offset += 64) compress(state, schedule(view, offset));
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
}

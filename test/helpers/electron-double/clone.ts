/** What travels between the worlds, as text; `encode` throws on what Electron could not clone either. */
export type Codec = {
  readonly encode: (value: unknown) => string;
  readonly decode: (text: string) => unknown;
};

/**
 * A structured clone by way of JSON. Self-contained, because its source is put into the page as well: one codec, so that
 * a payload means the same on both sides.
 */
export function makeCodec(): Codec {
  const mark = '$clone';
  const plain = (value: object): boolean => {
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype as object) === null || Array.isArray(value);
  };
  const lower = (value: unknown, path: readonly object[]): unknown => {
    if (value === undefined) return { [mark]: 'undefined' };
    if (typeof value === 'bigint') return { [mark]: 'bigint', v: String(value) };
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
      return { [mark]: 'number', v: Object.is(value, -0) ? '-0' : String(value) };
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new Error('An object could not be cloned.');
    if (typeof value !== 'object' || value === null) return value;
    if (path.includes(value)) throw new Error('The double clones no circles.');
    const deeper = [...path, value];
    if (Array.isArray(value)) return value.map((item) => lower(item, deeper));
    if (value instanceof Date) return { [mark]: 'date', v: value.getTime() };
    if (value instanceof Error) return { [mark]: 'error', v: value.message };
    if (value instanceof Map || value instanceof Set)
      return { [mark]: value instanceof Map ? 'map' : 'set', v: lower([...value], deeper) };
    if (ArrayBuffer.isView(value))
      return { [mark]: 'bytes', v: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] };
    if (!plain(value)) return {};
    const entries = Object.entries(value).map(([key, item]) => [key, lower(item, deeper)]);
    return { [mark]: 'object', v: entries };
  };
  const raise = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(raise);
    const { [mark]: kind, v } = value as { [mark]?: string; v?: unknown };
    if (kind === 'undefined') return undefined;
    if (kind === 'bigint') return BigInt(String(v));
    if (kind === 'number') return Number(v);
    if (kind === 'date') return new Date(Number(v));
    if (kind === 'error') return new Error(String(v));
    if (kind === 'map') return new Map(raise(v) as [unknown, unknown][]);
    if (kind === 'set') return new Set(raise(v) as unknown[]);
    if (kind === 'bytes') return Uint8Array.from(v as number[]);
    const raised = {};
    // defineProperty, because a key may be "__proto__".
    for (const [key, item] of v as [string, unknown][])
      Object.defineProperty(raised, key, {
        value: raise(item),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    return raised;
  };
  return {
    encode: (value) => JSON.stringify(lower(value, [])),
    decode: (text) => raise(JSON.parse(text)),
  };
}

import { hash } from 'node:crypto';
import { chain, emptyHead, type Chained } from '../../shared/audit/chain.ts';
import type { JournalRecord, Payload } from '../../shared/audit/record.ts';
import type { Moment } from '../../shared/steps/event.ts';
import type { Journal } from '../../main/ports.ts';

export type MemoryJournal = Journal & {
  /** What was appended, as it was given: an append-only list that grows. */
  readonly appended: readonly { readonly at: Moment; readonly payload: Payload }[];
  /** The journal's text, as it would be on disk. */
  readonly text: () => string;
};

/**
 * A journal in memory, chained like the one on disk, but only when somebody reads it: a night that nobody reads costs no
 * hashing. What is appended is immutable, so that chaining it later gives the same bytes. `hashed`: whether its head is
 * worth that, too; only the plan's own record of the run cites it.
 */
export function lazyJournal(hashed: boolean): MemoryJournal {
  const appended: { at: Moment; payload: Payload }[] = [];
  const records: JournalRecord[] = [];
  const links: Chained[] = [];
  const followers = new Set<(line: string) => void>();
  let head = emptyHead;
  const chained = (): readonly Chained[] => {
    for (let next = appended[links.length]; next !== undefined; next = appended[links.length]) {
      const link = chain(next, head, (text) => hash('sha256', text, 'hex'));
      head = link.head;
      links.push(link);
    }
    return links;
  };
  return {
    file: 'memory',
    head: () => {
      if (hashed) chained();
      return head.head;
    },
    count: () => appended.length,
    append: (at, payload) => {
      appended.push({ at, payload });
      if (followers.size === 0) return;
      chained();
      for (const call of followers) call(links.at(-1)?.line ?? '');
    },
    read: () => {
      for (const link of chained().slice(records.length)) records.push(link.record);
      return records;
    },
    follow: (call) => {
      followers.add(call);
      return () => followers.delete(call);
    },
    close: () => undefined,
    appended,
    text: () =>
      chained()
        .map(({ line }) => `${line}\n`)
        .join(''),
  };
}

/** A journal whose head costs nothing: for the plan's own records, which a night writes and nobody verifies. */
export function plainJournal(): Journal {
  const records: JournalRecord[] = [];
  return {
    file: 'memory',
    head: () => emptyHead.head,
    count: () => records.length,
    append: (at, payload) =>
      void records.push({ seq: records.length + 1, at, prev: emptyHead.head, payload, hash: emptyHead.head }),
    read: () => records,
    follow: () => () => undefined,
    close: () => undefined,
  };
}

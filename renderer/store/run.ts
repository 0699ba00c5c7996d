import { create } from 'zustand';
import type { DnsView } from '../../shared/contract/dns-view.ts';
import type { ResidueView } from '../../shared/contract/residue-view.ts';
import type { View } from '../../shared/contract/view.ts';
import type { Client, Role } from '../client/client.ts';
import { series } from './series.ts';

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost'; readonly sinceUtcMs: number }
  | { readonly kind: 'refused'; readonly why: string };

export type RunStore = {
  /** main's newest view; null until the first one came. It is drawn, never changed here. */
  readonly view: View | null;
  /** What DNS answers; null until the first of it came, and where the plan names none. */
  readonly dns: DnsView | null;
  /** Who still arrives on the source side; null: nothing was switched yet. */
  readonly residue: ResidueView | null;
  /** This window's monotonic clock at the moment the view came, to let ages go on between views. */
  readonly receivedAtMs: number;
  readonly connection: Connection;
  readonly role: Role;
};

/** The copy of main's view that every component reads. */
export const useRun = create<RunStore>()(() => ({
  view: null,
  dns: null,
  residue: null,
  receivedAtMs: 0,
  connection: { kind: 'connecting' },
  role: 'driver',
}));

function showView(view: View): void {
  useRun.setState({ view, receivedAtMs: performance.now() });
}

function isView(value: unknown): value is View {
  return typeof value === 'object' && value !== null && 'header' in value && 'clocks' in value;
}

/** Keeps the store equal to main: first a whole view, then pushes; a gap in `seq` asks for a whole view again. */
export function follow(client: Client): () => void {
  let lastSeq: number | null = null;

  async function refresh(): Promise<void> {
    const before = useRun.getState().view;
    const reply = await client.request('view', {});
    // A push that came meanwhile is newer than this answer.
    if (reply.ok && isView(reply.value) && useRun.getState().view === before) showView(reply.value);
  }

  return client.start({
    push(message) {
      const gap = lastSeq !== null && message.seq !== lastSeq + 1;
      lastSeq = message.seq;
      if (message.kind === 'view') showView(message.view);
      else if (message.kind === 'dns') useRun.setState({ dns: message.dns });
      else if (message.kind === 'residue') useRun.setState({ residue: message.residue });
      else series.add(message.point);
      if (gap && message.kind !== 'view') void refresh();
    },
    connection(news) {
      if (news.kind === 'connected') {
        lastSeq = null;
        useRun.setState({ connection: { kind: 'connected' }, role: news.role });
        void refresh();
      } else if (news.kind === 'refused') {
        useRun.setState({ connection: { kind: 'refused', why: news.why } });
      } else {
        // The first moment of the loss is what the screen shows, however often it tries again.
        const { connection } = useRun.getState();
        if (connection.kind !== 'lost')
          useRun.setState({ connection: { kind: 'lost', sinceUtcMs: Date.now() } });
      }
    },
  });
}

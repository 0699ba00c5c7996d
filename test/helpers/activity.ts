import type { Activity, ClientSession } from '../../shared/sessions/operations.ts';

/** What goes on on a server that shows its locks; nothing, but for what is given. */
export function activity(change: Partial<Activity> = {}): Activity {
  return { sessions: [], transactions: [], locks: { holders: [], unseen: null }, ...change };
}

/** An application's session, idle but for what is given. */
export function clientAt(thread: number, change: Partial<ClientSession> = {}): ClientSession {
  return {
    thread,
    user: 'batch',
    host: '10.0.0.8',
    schema: 'shop',
    command: change.statement === undefined || change.statement === null ? 'Sleep' : 'Query',
    timeSeconds: 0,
    state: '',
    statement: null,
    ...change,
  };
}

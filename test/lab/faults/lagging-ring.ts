import type { Ports } from '../../../main/ports.ts';
import type { Lab } from '../start-lab.ts';
import { wrapSessions } from './wrapped-sessions.ts';

/**
 * A co-master that is behind when the sources are closed. On a calm lab the ring has applied everything by the first look,
 * so that `converge` asks nobody: one large write just before the first fence gives its co-master something to do.
 */

/** Rows of that write: some hundred milliseconds of an applier. */
const rows = 20_000;

/** Ports whose first fence finds a large write behind it, just committed on the source it closes. */
export function behindAtFence(ports: Ports, lab: Lab): Ports {
  let written = false;
  return wrapSessions(ports, (session) => ({
    ...session,
    ask: async (operation, input, limitMs) => {
      if (operation === 'fence' && !written) {
        written = true;
        await writeMuch(lab, session.instance);
      }
      return session.ask(operation, input, limitMs);
    },
  }));
}

async function writeMuch(lab: Lab, id: string): Promise<void> {
  const many =
    'information_schema.COLUMNS AS one, (SELECT 1 FROM information_schema.COLUMNS LIMIT 100) AS other';
  await lab.sql(
    id,
    `INSERT INTO shop.lines (write_id, sku, quantity) SELECT 'much', 'much', 1 FROM ${many} LIMIT ${rows}`,
  );
}

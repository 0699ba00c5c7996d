import type { MysqlSession, Ports } from '../../../main/ports.ts';

/** Ports whose MySQL sessions are what `wrap` makes of them, each once it is open. */
export function wrapSessions(ports: Ports, wrap: (session: MysqlSession) => MysqlSession): Ports {
  return {
    ...ports,
    mysql: {
      ...ports.mysql,
      open: async (...asked) => {
        const opened = await ports.mysql.open(...asked);
        return opened.kind === 'open' ? { ...opened, session: wrap(opened.session) } : opened;
      },
    },
  };
}

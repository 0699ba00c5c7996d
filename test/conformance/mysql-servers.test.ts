import { describe, test } from 'vitest';
import { mysqlSuite } from './mysql-suite.ts';
import { whyNot } from './real-places.ts';
import { startRealWorld } from './real-world.ts';

const kinds = {
  mariadb: { title: 'MariaDB', must: true },
  mysql: { title: 'MySQL', must: true },
  // Worth having, and no reason to stop where it is not.
  'mariadb-11': { title: 'MariaDB 11', must: false },
  'mariadb-10.5': { title: 'MariaDB 10.5', must: false },
} as const;

for (const kind of ['mariadb', 'mysql', 'mariadb-11', 'mariadb-10.5'] as const) {
  const why = whyNot(kind);
  const { title, must } = kinds[kind];
  if (why === null) mysqlSuite(`a real ${title}`, () => startRealWorld(kind));
  else
    describe(`a real ${title}`, () => {
      test(`is not here: ${why}`, () => {
        // Said loudly on a laptop; where tests must be complete it is a failure.
        const message = `The conformance suite was NOT run on ${title}: ${why}.`;
        if (must && process.env['CI'] === 'true' && process.env['COCKPIT_LAB_WITHOUT'] === undefined)
          throw new Error(message);
        console.warn(message);
      });
    });
}

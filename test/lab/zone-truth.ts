import { dnsClient } from '../../main/adapters/dns.ts';
import { judgeAnswer } from '../../shared/observations/dns-answer.ts';
import { matrixOf } from '../../shared/observations/dns-matrix.ts';
import { parsePlan } from '../../shared/plan/parse-plan.ts';
import { planForLab } from './plan-for-lab.ts';
import type { Lab } from './start-lab.ts';

/** What the lab's zones answer to each group of users, whatever a cockpit says: one line a question, with its side. */
export async function zoneAnswers(lab: Lab): Promise<readonly string[]> {
  const parsed = parsePlan(planForLab(lab.state()), 'the plan of the lab');
  const dns = parsed.ok ? parsed.value.plan.dns : undefined;
  if (dns === undefined) throw new Error('the plan of the lab has no DNS');
  const rows = matrixOf(dns, [], () => []);
  return Promise.all(
    rows.map(async ({ asked, users, clientSubnet }) => {
      const reply = await dnsClient().ask({
        server: { address: '127.0.0.1', port: lab.port('route53 dns') },
        question: asked.question,
        recursion: false,
        clientSubnet,
        limitMs: 5_000,
      });
      const { side, values } = judgeAnswer(reply, asked);
      return `${asked.question.name} ${asked.question.type} ${users ?? 'everybody'}: ${values.join(' ')} (${side})`;
    }),
  );
}

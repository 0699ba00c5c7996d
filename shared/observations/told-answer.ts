import type { PlannedDns } from '../plan/plan-dns.ts';
import { judgeAnswer, type AnswerVerdict } from './dns-answer.ts';
import { matrixOf, type AliasValues, type MatrixRow } from './dns-matrix.ts';

/** What Route 53 says itself that it would answer to a group of users, beside what the plan expects for them. */
export type ToldAnswer = {
  readonly row: MatrixRow;
  /** UTC ms. */
  readonly at: number;
  readonly verdict: AnswerVerdict;
};

/**
 * What is asked of Route 53 itself, zone by zone: each name and type of the plan, for each group of users where the answer
 * depends on where one is.
 */
export function toldRows(dns: PlannedDns, aliasValues: AliasValues): readonly MatrixRow[] {
  const authorities = dns.zones.map(({ id }) => ({ zone: id, server: 'route 53 itself', address: '' }));
  return matrixOf({ ...dns, resolvers: [] }, authorities, aliasValues);
}

/** Judges what Route 53 told. It says no TTL, so the verdict has none. */
export function judgeTold(
  { asked }: MatrixRow,
  told: { readonly rcode: string; readonly values: readonly string[] },
): AnswerVerdict {
  const { name, type } = asked.question;
  const verdict = judgeAnswer(
    {
      kind: 'answered',
      rcode: told.rcode,
      authoritative: true,
      answers: told.values.map((data) => ({ name, type, ttlSeconds: 0, data })),
      authority: [],
      subnetScope: null,
      extendedErrors: [],
      transport: 'tcp',
    },
    asked,
  );
  return { ...verdict, ttlSeconds: null };
}

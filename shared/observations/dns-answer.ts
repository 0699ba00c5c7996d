import type { DnsName } from './dns-name.ts';
import { showName } from './dns-name.ts';
import type { DnsQuestion, DnsRecord, DnsReply } from './dns-reply.ts';

/** One answer that the plan allows on one side. */
export type Expectation = {
  readonly side: 'source' | 'target';
  /** The region whose users get it; null where everybody does. */
  readonly region: string | null;
  /** What it answers. `one-of`: one of these, as an alias does; `all`: exactly these; `none`: there is no such record. */
  readonly match: 'all' | 'one-of' | 'none';
  readonly values: readonly string[];
};

/** What was asked of whom, and what would be right. */
export type Asked = {
  readonly question: DnsQuestion;
  /** Type of the planned record: a CNAME is looked for at the name itself, all else at the end of the chain. */
  readonly recordType: string;
  /** Whether the server should hold the zone itself. */
  readonly authoritative: boolean;
  /** The region that is right for who asks; null: none is wrong. */
  readonly region: string | null;
  readonly expected: readonly Expectation[];
};

/** The judgement of one answer. `why` is a sentence for the row. */
export type AnswerVerdict = {
  readonly side: 'source' | 'target' | 'other' | 'error';
  readonly kind:
    | 'as-planned'
    | 'other-region'
    | 'foreign'
    | 'nxdomain'
    | 'nodata'
    | 'broken-chain'
    | 'lame'
    | 'stale'
    | 'server-error'
    | 'no-answer';
  readonly why: string;
  /** Until when a cache may keep giving this answer, from its arrival; null where nothing is kept. */
  readonly ttlSeconds: number | null;
  readonly values: readonly string[];
  /** Names that were passed through, the asked one first. */
  readonly chain: readonly DnsName[];
};

/** Longer chains are loops or mistakes; resolvers give up at about the same length. */
const longestChain = 16;

/** Judges one reply against what the plan expects on either side. What fits neither is never guessed. */
export function judgeAnswer(reply: DnsReply, asked: Asked): AnswerVerdict {
  const nothing = { ttlSeconds: null, values: [], chain: [asked.question.name] } as const;
  if (reply.kind === 'failed')
    return { side: 'error', kind: 'no-answer', why: `${noAnswer[reply.why]}: ${reply.detail}`, ...nothing };
  if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN')
    return { side: 'error', kind: 'server-error', why: `It answered ${reply.rcode}.`, ...nothing };
  if (asked.authoritative && !reply.authoritative)
    return {
      side: 'error',
      kind: 'lame',
      why: 'It is named as a server of the zone and does not hold it (no AA bit).',
      ...nothing,
    };
  const walk = follow(reply.answers, asked);
  if (walk.broken !== null)
    return { side: 'error', kind: 'broken-chain', why: walk.broken, ...walk, values: [] };
  if (walk.values.length === 0) return judgeNone(reply, asked, walk);
  const judged = judgeValues(walk, asked);
  const stale = reply.extendedErrors.some((code) => code === 3 || code === 19);
  return stale
    ? { ...judged, kind: 'stale', why: `${judged.why} It says itself that this answer is stale.` }
    : judged;
}

const noAnswer = {
  timeout: 'It did not answer in time',
  unreachable: 'It cannot be reached',
  malformed: 'Its answer cannot be read',
} as const;

type Walk = Pick<AnswerVerdict, 'values' | 'chain' | 'ttlSeconds'> & { readonly broken: string | null };

/** Follows CNAMEs within one reply. The TTL is that of the longest link: each is kept by itself. */
function follow(answers: readonly DnsRecord[], { question, recordType }: Asked): Walk {
  const chain: DnsName[] = [question.name];
  let ttlSeconds: number | null = null;
  const kept = (records: readonly DnsRecord[]): void => {
    for (const record of records) ttlSeconds = Math.max(ttlSeconds ?? 0, record.ttlSeconds);
  };
  for (let name = question.name; ;) {
    const here = answers.filter((record) => record.name === name);
    const aliases = here.filter(({ type }) => type === 'CNAME');
    const values = recordType === 'CNAME' ? aliases : here.filter(({ type }) => type === question.type);
    if (values.length > 0) {
      kept(values);
      return { values: values.map(({ data }) => data).toSorted(), chain, ttlSeconds, broken: null };
    }
    const next = aliases[0];
    if (next === undefined) return { values: [], chain, ttlSeconds, broken: null };
    kept(aliases);
    if (aliases.length > 1 || chain.includes(next.data) || chain.length >= longestChain) {
      const how = aliases.length > 1 ? 'has two CNAMEs' : 'leads back into its own chain, or too far';
      return { values: [], chain, ttlSeconds, broken: `The CNAME of ${showName(name)} ${how}.` };
    }
    chain.push(next.data);
    name = next.data;
  }
}

/** No such name or no such record: kept as long as the SOA beside it says (RFC 2308), and right where a side is absent. */
function judgeNone(
  reply: Extract<DnsReply, { kind: 'answered' }>,
  asked: Asked,
  { chain, ttlSeconds: chainTtl }: Walk,
): AnswerVerdict {
  const soa = reply.authority.find(({ type }) => type === 'SOA');
  const negative =
    soa === undefined ? null : Math.min(soa.ttlSeconds, soa.soa?.minimumSeconds ?? soa.ttlSeconds);
  const ttlSeconds = negative === null && chainTtl === null ? null : Math.max(negative ?? 0, chainTtl ?? 0);
  const kind = reply.rcode === 'NXDOMAIN' ? 'nxdomain' : 'nodata';
  const at = showName(chain.at(-1) ?? asked.question.name);
  const what = kind === 'nxdomain' ? `There is no name ${at}` : `There is no ${asked.question.type} at ${at}`;
  const keeps = negative === null ? ', and no SOA that says how long that holds' : '';
  const common = { kind, ttlSeconds, values: [], chain } as const;
  const planned = asked.expected.find(({ match }) => match === 'none');
  if (planned === undefined || chain.length > 1) return { ...common, side: 'error', why: `${what}${keeps}.` };
  return { ...common, side: planned.side, why: `${what}, as planned for the ${planned.side}${keeps}.` };
}

function judgeValues(walk: Walk, asked: Asked): AnswerVerdict {
  const { values, chain, ttlSeconds } = walk;
  const common = { values, chain, ttlSeconds };
  const fitting = asked.expected.filter((expected) => fits(values, expected));
  const here = fitting.filter(
    ({ region }) => asked.region === null || region === null || region === asked.region,
  );
  // An answer that both sides give (a record set that does not change) is the target's: nothing has to turn.
  const right = here.find(({ side }) => side === 'target') ?? here[0];
  if (right !== undefined)
    return { ...common, side: right.side, kind: 'as-planned', why: `It answers the ${right.side}.` };
  const sides = new Set(fitting.map(({ side }) => side));
  const elsewhere = fitting.find(({ side }) => side === 'source') ?? fitting[0];
  if (elsewhere === undefined)
    return {
      ...common,
      side: 'other',
      kind: 'foreign',
      why: `It answers ${values.join(', ')}, which the plan names on neither side.`,
    };
  // Where the answer of another region may be either side's, the unfavourable one is shown.
  const regions = fitting
    .filter(({ side }) => side === elsewhere.side)
    .map(({ region }) => region ?? 'any region');
  const both = sides.size > 1 ? ' It may be either side.' : '';
  return {
    ...common,
    side: elsewhere.side,
    kind: 'other-region',
    why: `It answers the ${elsewhere.side} of ${regions.join(' or ')}, expected ${asked.region ?? 'any'}.${both}`,
  };
}

function fits(values: readonly string[], { match, values: planned }: Expectation): boolean {
  if (match === 'none' || values.length === 0) return false;
  const all = values.every((value) => planned.includes(value));
  return match === 'one-of' ? all : all && planned.every((value) => values.includes(value));
}

import { parseDnsName, type DnsName } from '../../shared/observations/dns-name.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import { answersFrom } from './answers.ts';
import type { RequestBudget } from './request-budget.ts';
import { sendToAws } from './route53-call.ts';
import type { Route53Driver } from './route53-driver.ts';
import { parseSet, type Spellings } from './route53-sets.ts';

/** What a listing needs of its channel. */
export type Listing = {
  readonly driver: Pick<Route53Driver, 'listPage'>;
  readonly budget: RequestBudget;
  readonly hostedZoneId: string;
  readonly isClosed: () => boolean;
  readonly spellings: Pick<Spellings, 'saw'>;
};

/** Route 53 gives at most this many record sets a page, and a zone holds at most so many pages of them. */
const pageSize = 300;
const mostPages = 1_000;
/** A page that was throttled is asked for again: reading changes nothing, and a long zone is not begun anew for it. */
const throttledWaitsMs = [1_000, 2_000, 4_000];

/** What of a zone is read: all of it, or the record sets of one name. */
export type Wanted = { readonly name: DnsName | null; readonly urgent: boolean; readonly limitMs: number };

/** Lists a zone page by page; one record set that cannot be read refuses it all, because a part of a zone is no zone. */
export async function listSets(
  { driver, budget, hostedZoneId, isClosed, spellings }: Listing,
  { name, urgent, limitMs }: Wanted,
): Promise<Answer<readonly RecordSet[]>> {
  const answers = answersFrom();
  const endsAt = performance.now() + limitMs;
  const sets: RecordSet[] = [];
  let from = startOf(name);
  let throttled = 0;
  const seen = new Set<string>();
  while (seen.size < mostPages) {
    const start = from;
    const page = await sendToAws({
      limitMs: endsAt - performance.now(),
      budget,
      urgent,
      isClosed,
      send: (signal) => driver.listPage({ HostedZoneId: hostedZoneId, MaxItems: pageSize, ...start }, signal),
    });
    if (page.kind === 'refused' && page.refusal === 'throttled') {
      const waitMs = throttledWaitsMs[Math.min(throttled, throttledWaitsMs.length - 1)] ?? 0;
      throttled += 1;
      if (performance.now() + waitMs >= endsAt) return page;
      budget.rest(waitMs);
      // An urgent request does not rest with the others.
      if (urgent) await new Promise((waited) => setTimeout(waited, waitMs));
      continue;
    }
    if (page.kind !== 'ok') return page;
    throttled = 0;
    for (const raw of page.value.ResourceRecordSets ?? []) {
      const parsed = parseSet(raw);
      if (!parsed.ok)
        return answers.refused({
          code: null,
          refusal: 'other',
          message: `Zone ${hostedZoneId}: ${parsed.error}.`,
        });
      if (name !== null && parsed.value.name !== name) return answers.ok(sets);
      spellings.saw(raw, parsed.value);
      sets.push(parsed.value);
    }
    if (page.value.IsTruncated !== true) return answers.ok(sets);
    from = {
      StartRecordName: page.value.NextRecordName,
      StartRecordType: page.value.NextRecordType,
      ...(page.value.NextRecordIdentifier === undefined
        ? {}
        : { StartRecordIdentifier: page.value.NextRecordIdentifier }),
    };
    if (name !== null && parseDnsName(from.StartRecordName ?? '') !== name) return answers.ok(sets);
    const key = JSON.stringify(from);
    if (from.StartRecordName === undefined || seen.has(key)) break;
    seen.add(key);
  }
  const message = `The listing of zone ${hostedZoneId} does not end: expected each page to begin where the last one stopped.`;
  return answers.refused({ code: null, refusal: 'other', message });
}

type Start = Pick<
  Parameters<Route53Driver['listPage']>[0],
  'StartRecordName' | 'StartRecordType' | 'StartRecordIdentifier'
>;

function startOf(name: DnsName | null): Start {
  return name === null ? {} : { StartRecordName: `${name}.` };
}

import type { Verdict } from '../../shared/gates/gate.ts';
import { useNow } from '../store/clock.ts';
import { age, duration } from './format.ts';
import css from './age.module.css';

/** Sensors look again at half the age that is allowed, or sooner: past this share of it a look was missed. */
const ageingShare = 0.75;

/** UTC ms of when something was seen, and the age in ms past which whoever judges it calls it too old (null: it never is). */
type Seen = { readonly takenAt: number; readonly limitMs: number | null };

/** How old an age looks: red past its limit, as it is for whoever judges by it, and amber near it. */
export function ageTone(ageMs: number, limitMs: number | null): 'fresh' | 'ageing' | 'old' {
  if (limitMs === null || ageMs <= limitMs * ageingShare) return 'fresh';
  return ageMs <= limitMs ? 'ageing' : 'old';
}

/** What of a gate's facts its age tells: the oldest, until one of them nears its own limit. */
export function ageOfGate({ takenAt, ages }: Pick<Verdict, 'takenAt' | 'ages'>, now: number): Seen {
  const share = (seen: { readonly takenAt: number; readonly limitMs: number }) =>
    (now - seen.takenAt) / seen.limitMs;
  const nearest = [...ages].sort((left, right) => share(right) - share(left))[0];
  return nearest !== undefined && share(nearest) > ageingShare ? nearest : { takenAt, limitMs: null };
}

function Shown(props: Seen & { readonly now: number; readonly judgedAt: number }) {
  const { takenAt, limitMs, now, judgedAt } = props;
  const tone = ageTone(judgedAt - takenAt, limitMs);
  const word = tone === 'fresh' ? '' : tone === 'ageing' ? 'ageing · ' : 'old · ';
  return (
    <time
      className={css[tone]}
      dateTime={new Date(takenAt).toISOString()}
      title={tone === 'fresh' || limitMs === null ? undefined : `Too old past ${duration(limitMs)}.`}
    >
      {word}
      {age(now - takenAt)}
    </time>
  );
}

/** How long ago something was observed; without a limit for what does not go stale, as a person's answer. */
export function Age(props: Seen) {
  const now = useNow(500);
  return <Shown {...props} now={now} judgedAt={now} />;
}

/** How long ago a gate's facts were seen, by its own limits. `frozenAt`: it was judged then, and is not judged again. */
export function GateAge(props: {
  readonly verdict: Pick<Verdict, 'takenAt' | 'ages'>;
  readonly frozenAt: number | null;
}) {
  const now = useNow(500);
  const judgedAt = props.frozenAt ?? now;
  return <Shown {...ageOfGate(props.verdict, judgedAt)} now={now} judgedAt={judgedAt} />;
}

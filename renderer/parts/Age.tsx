import { useNow } from '../store/clock.ts';
import { age } from './format.ts';
import css from './age.module.css';

/** Fast facts come four times a second, slow ones every 30 s: what is older than a minute was missed at least once. */
export const freshMs = 60_000;

/** How old an age looks: past half its life amber, past all of it red. */
export function ageTone(ageMs: number): 'fresh' | 'ageing' | 'old' {
  if (ageMs < freshMs / 2) return 'fresh';
  return ageMs < freshMs ? 'ageing' : 'old';
}

/** How long ago something was observed; `lasting` for what does not go stale, as a person's answer. */
export function Age(props: { readonly takenAt: number; readonly lasting?: boolean }) {
  const ageMs = useNow(500) - props.takenAt;
  const tone = props.lasting === true ? 'fresh' : ageTone(ageMs);
  const word = tone === 'fresh' ? '' : tone === 'ageing' ? 'ageing · ' : 'old · ';
  return (
    <time className={css[tone]} dateTime={new Date(props.takenAt).toISOString()}>
      {word}
      {age(ageMs)}
    </time>
  );
}

import type { ReactNode } from 'react';
import css from './mark.module.css';

export type Tone = 'open' | 'closed' | 'unknown' | 'info' | 'quiet';

const signs: Readonly<Record<Tone, string>> = { open: '✓', closed: '✕', unknown: '?', info: '◔', quiet: '○' };

/** A state: mark, word and colour together, so that none of the three is needed alone. */
export function Mark(props: { readonly tone: Tone; readonly sign?: string; readonly children: ReactNode }) {
  return (
    <span className={`${css['mark']} ${css[props.tone]}`}>
      <span aria-hidden="true">{props.sign ?? signs[props.tone]}</span>
      {props.children}
    </span>
  );
}

import type { ReactNode } from 'react';

/** A value that changes by itself. Carries the moment it was observed, so that the way to the screen can be measured. */
export function Live(props: {
  readonly takenAt: number | null;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <span className={props.className ?? 'num'} data-taken-at={props.takenAt ?? undefined}>
      {props.children}
    </span>
  );
}

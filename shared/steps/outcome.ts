/** How a run ended, or stands at its watch. */
export type Outcome = 'done' | 'not-started' | 'thawed' | 'reversed' | 'needs-operator' | 'ousted';

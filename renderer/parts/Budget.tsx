import css from './budget.module.css';

/** How much of a budget is used, with the forecast as an amber line. A picture beside figures that say the same. */
export function Budget(props: {
  readonly usedMs: number | null;
  readonly budgetMs: number;
  readonly forecastMs: number | null;
}) {
  const part = (ms: number) => `${String(Math.min(100, (ms / props.budgetMs) * 100))}%`;
  const over = props.usedMs !== null && props.usedMs > props.budgetMs;
  return (
    <div className={css['bar']} aria-hidden="true">
      {props.usedMs !== null && (
        <i className={over ? css['over'] : undefined} style={{ width: part(props.usedMs) }} />
      )}
      {props.forecastMs !== null && <b style={{ left: part(props.forecastMs) }} />}
    </div>
  );
}

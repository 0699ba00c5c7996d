import type { RunView } from '../../shared/contract/view.ts';
import css from './stop-here.module.css';

/** What would be true if everything stopped at this moment. Always answered. */
export function StopHere(props: { readonly run: RunView }) {
  const { stopHere, passedPointOfNoReturn, sheetFile } = props.run;
  return (
    <section className={`panel ${css['stop']}`} aria-labelledby="stop-here">
      <h2 className="label" id="stop-here">
        If we stop here
      </h2>
      {sheetFile !== null && (
        <p className={css['sheet']} title={`Without the cockpit, go by the emergency sheet: ${sheetFile}`}>
          sheet <code>{sheetFile.slice(sheetFile.lastIndexOf('/') + 1)}</code>
        </p>
      )}
      <dl>
        <dt>Writable</dt>
        <dd className={css['strong']}>{stopHere.writable}</dd>
        <dt>Lost</dt>
        <dd>{stopHere.lost}</dd>
        <dt>Way back</dt>
        <dd>{stopHere.wayBack}</dd>
        <dt>Takes</dt>
        <dd className="num">{stopHere.takes}</dd>
        <dt>If this laptop dies</dt>
        <dd>{stopHere.ifLaptopDies}</dd>
        {sheetFile !== null && (
          <>
            <dt className={css['whole']}>Without the cockpit</dt>
            <dd className={css['whole']}>
              go by the emergency sheet <code>{sheetFile}</code>
            </dd>
          </>
        )}
      </dl>
      <p className={css['ponr']}>
        <b>▮ Point of no return</b>{' '}
        {passedPointOfNoReturn ? (
          <span>
            is <b>behind us</b>. The source is not thawed any more.
          </span>
        ) : (
          <span className="muted">
            comes before <b>promote</b>. After it the only way is forward, or <b>Reverse</b>.
          </span>
        )}
      </p>
    </section>
  );
}

import { Mark } from '../parts/Mark.tsx';
import { useAsk, useWhyNot } from '../store/ask.ts';
import css from './prepare.module.css';

/** The one thing preflight writes: the schema for heartbeats. Explained before it is pressed. */
export function Prepare(props: { readonly prepared: boolean }) {
  const { ask } = useAsk();
  const whyNot = useWhyNot();
  return (
    <section className={css['prepare']} aria-labelledby="prepare">
      <h2 className="label" id="prepare">
        Prepare
      </h2>
      {props.prepared ? (
        <p>
          <Mark tone="open">prepared</Mark>{' '}
          <small className="muted">The schema cutover is on every source master. Close removes it.</small>
        </p>
      ) : (
        <>
          <p className="muted">
            <small>
              Makes the schema <code>cutover</code> on the source masters: one heartbeat row per server, to
              measure the real lag. It reaches the targets by replication. Nothing else is changed, and Close
              removes it.
            </small>
          </p>
          <button
            type="button"
            className="primary"
            disabled={whyNot !== null}
            title={whyNot ?? undefined}
            onClick={() => void ask('prepare', {})}
          >
            Prepare the sources
          </button>
        </>
      )}
    </section>
  );
}

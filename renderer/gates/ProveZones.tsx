import { useAsk, useWhyNot } from '../store/ask.ts';

/** The one thing preflight writes in Route 53, and that it changes nothing there. Explained before it is pressed. */
export function ProveZones() {
  const { askAs } = useAsk();
  const whyNot = useWhyNot();
  return (
    <section className="stack">
      <h3 className="label">Prove it</h3>
      <p className="muted">
        Writes one record set of the plan in each zone exactly as it stands, over the connection that the
        minute will use, and reads it back. Nothing is written where a record is not what the plan calls
        before.
      </p>
      <div>
        <button
          type="button"
          disabled={whyNot !== null}
          title={whyNot ?? undefined}
          onClick={() => void askAs('proveZones', {})}
        >
          Prove the way to Route 53
        </button>
      </div>
    </section>
  );
}

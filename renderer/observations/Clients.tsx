import type { View } from '../../shared/contract/view.ts';
import { Live } from '../parts/Live.tsx';
import { count } from '../parts/format.ts';
import css from './clients.module.css';

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The synthetic clients: what was acknowledged, refused, and what nobody knows; and what is missing afterwards. */
export function Clients(props: { readonly view: View }) {
  const { clocks, header } = props.view;
  const at = header.atUtcMs;
  const lost = clocks.chains.map((chain) => chain.lost);
  const lostKnown = lost.every((value) => value !== null) ? sum(lost.map((value) => value ?? 0)) : null;
  return (
    <section className={`panel ${css['clients']}`} aria-labelledby="clients">
      <h2 className="label" id="clients">
        Synthetic clients
      </h2>
      {/* A list that can be longer than its place must be reachable by the keyboard. */}
      <div className={css['list']} tabIndex={0} role="group" aria-label="Each client">
        <table>
          <thead>
            <tr>
              <th>client</th>
              <th className="right">/s</th>
              <th className="right">ack</th>
              <th className="right">ref.</th>
              <th className="right">unk.</th>
            </tr>
          </thead>
          <tbody>
            {clocks.clients.map((client) => (
              <tr key={client.client}>
                <td className={css['name']} title={client.region ?? undefined}>
                  <span className={client.alive ? css['good'] : css['bad']}>
                    {client.alive ? '●' : '✕ dead'}
                  </span>{' '}
                  {client.client}
                </td>
                <td className="right">
                  <Live takenAt={at}>{client.perSecond.toFixed(0)}</Live>
                </td>
                <td className="right">
                  <Live takenAt={at}>{count(client.acknowledged)}</Live>
                </td>
                <td className="right">
                  <Live takenAt={at} className={`num ${client.refused > 0 ? css['bad'] : ''}`}>
                    {count(client.refused)}
                  </Live>
                </td>
                <td className="right">
                  <Live takenAt={at}>{count(client.unknown)}</Live>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="row">
        <small>
          acknowledged{' '}
          <Live takenAt={at}>{count(sum(clocks.chains.map((chain) => chain.acknowledged)))}</Live>
        </small>
        <small>
          lost{' '}
          <Live
            takenAt={at}
            className={`num ${lostKnown === null ? '' : lostKnown === 0 ? css['good'] : css['bad']}`}
          >
            {lostKnown === null ? 'not yet judged' : count(lostKnown)}
          </Live>{' '}
          · unknown <Live takenAt={at}>{count(sum(clocks.chains.map((chain) => chain.unknown)))}</Live>
        </small>
      </div>
    </section>
  );
}

import type { ChainView, LinkView } from '../../shared/contract/view.ts';
import { Live } from '../parts/Live.tsx';
import { Mark } from '../parts/Mark.tsx';
import type { Tone } from '../parts/Mark.tsx';
import { count, lag } from '../parts/format.ts';

const tones: Readonly<Record<LinkView['state'], Tone>> = {
  running: 'open',
  connecting: 'unknown',
  stopped: 'closed',
  broken: 'closed',
  unknown: 'unknown',
  absent: 'quiet',
};
const kinds: Readonly<Record<LinkView['kind'], string>> = {
  ring: 'ring',
  slave: 'slave',
  forward: 'source → target',
  replica: 'replica',
  reverse: 'way back',
};

/** Lag per link in figures; also what stands behind each chart for a reader of words. */
export function LagTable(props: { readonly chain: ChainView }) {
  return (
    <table>
      <caption className="visually-hidden">Links of {props.chain.chain}</caption>
      <thead>
        <tr>
          <th>link</th>
          <th>kind</th>
          <th>state</th>
          <th className="right">lag</th>
          <th className="right">behind</th>
        </tr>
      </thead>
      <tbody>
        {props.chain.links.map((link) => (
          <tr key={`${link.from} ${link.to} ${link.kind}`}>
            <td>
              {link.from} → {link.to}
            </td>
            <td className="muted">{kinds[link.kind]}</td>
            <td>
              <Mark tone={tones[link.state]}>{link.state}</Mark>{' '}
              {link.why !== null && <span className="muted">{link.why}</span>}
            </td>
            <td className="right">
              <Live takenAt={link.takenAt}>
                {link.state === 'absent' ? '–' : link.lagMs === null ? 'unknown' : lag(link.lagMs)}
              </Live>
            </td>
            <td className="right">
              <Live takenAt={link.takenAt}>
                {link.transactionsBehind !== null
                  ? `${count(link.transactionsBehind)} trx`
                  : link.bytesBehind !== null
                    ? `${count(link.bytesBehind)} B`
                    : '–'}
              </Live>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

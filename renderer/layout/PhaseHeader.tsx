import type { View } from '../../shared/contract/view.ts';
import { shortDigest } from '../parts/format.ts';
import { chooseTheme, useUi } from '../store/ui.ts';
import css from './phase-header.module.css';
import { phases, screenFor } from './screen-of.ts';

const nextTheme = { system: 'dark', dark: 'light', light: 'system' } as const;
const themeSign = { system: '◐', dark: '☾', light: '☀' } as const;

function Phases(props: { readonly view: View }) {
  const { view } = props;
  const lookingAt = useUi((state) => state.lookingAt);
  // A run that was taken back has not been through its minute, however late it is.
  const takenBack =
    view.report !== null && view.report.outcome !== 'done' && view.report.outcome !== 'needs-operator';
  const present = phases.findIndex((entry) => entry.phase === view.header.phase);
  return (
    <nav aria-label="Phases">
      <ol className={css['phases']}>
        {phases.map(({ phase, word }, index) => {
          const now = index === present;
          const state = now ? 'now' : index < present ? 'done' : 'ahead';
          const looked = lookingAt === phase && !now;
          return (
            <li key={phase}>
              <button
                type="button"
                className={`${css[state]} ${looked ? css['looked'] : ''}`}
                aria-current={now ? 'step' : undefined}
                aria-pressed={looked ? true : undefined}
                disabled={screenFor(phase, view) === null}
                onClick={() =>
                  useUi.setState({
                    lookingAt: now ? null : phase,
                    ...(phase === 'replicate'
                      ? { listed: 'topology' }
                      : phase === 'preflight'
                        ? { listed: 'all' }
                        : {}),
                  })
                }
              >
                {state === 'done' && <span aria-hidden="true">{takenBack && index > 2 ? '↺ ' : '✓ '}</span>}
                {word}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

/** The line below the banner: where in the night we are, which plan, which run. */
export function PhaseHeader(props: { readonly view: View }) {
  const { header } = props.view;
  const theme = useUi((state) => state.theme);
  return (
    <header className={css['header']}>
      <Phases view={props.view} />
      <span className={css['plan']}>
        <span>
          {header.plan} · plan{' '}
          <span className="num" title={header.planDigest}>
            {shortDigest(header.planDigest)}
          </span>
          {header.runId !== null && (
            <>
              {' '}
              · run <span className="num">{header.runId}</span>
            </>
          )}
        </span>
        <button
          type="button"
          className={css['quiet']}
          onClick={() => useUi.setState({ dialog: 'palette' })}
          aria-label="Commands, Ctrl K"
          aria-keyshortcuts="Control+K"
        >
          <kbd>Ctrl K</kbd>
        </button>
        <button
          type="button"
          className={css['quiet']}
          onClick={() => useUi.setState({ dialog: 'help' })}
          aria-label="Help, ?"
          aria-keyshortcuts="?"
        >
          <kbd>?</kbd>
        </button>
        <button
          type="button"
          className={css['quiet']}
          onClick={() => chooseTheme(nextTheme[theme])}
          aria-label={`Theme: ${theme}. Change to ${nextTheme[theme]}`}
          title={`Theme: ${theme}`}
        >
          <span aria-hidden="true">{themeSign[theme]}</span>
        </button>
      </span>
    </header>
  );
}

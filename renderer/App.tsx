import { useEffect } from 'react';
import type { View } from '../shared/contract/view.ts';
import { Report } from './audit/Report.tsx';
import { OverrideDialog } from './gates/OverrideDialog.tsx';
import { Preflight } from './gates/Preflight.tsx';
import { ConnectionLost } from './layout/ConnectionLost.tsx';
import { Help } from './layout/Help.tsx';
import { ModeBanner, modeWords } from './layout/ModeBanner.tsx';
import { Notices } from './layout/Notices.tsx';
import { Palette } from './layout/Palette.tsx';
import { PhaseHeader } from './layout/PhaseHeader.tsx';
import { WhoDialog } from './layout/WhoDialog.tsx';
import { phases, screenFor, screenOf } from './layout/screen-of.ts';
import { useShortcuts } from './layout/use-shortcuts.ts';
import css from './app.module.css';
import { GoNoGo } from './steps/GoNoGo.tsx';
import { Minute } from './steps/Minute.tsx';
import { useRun } from './store/run.ts';
import { useUi } from './store/ui.ts';

/** Follows the switch, or the system where the switch says so. */
function useTheme(): void {
  const theme = useUi((state) => state.theme);
  useEffect(() => {
    const light = window.matchMedia('(prefers-color-scheme: light)');
    const apply = () => {
      const dark = theme === 'dark' || (theme === 'system' && !light.matches);
      document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
    };
    apply();
    light.addEventListener('change', apply);
    return () => light.removeEventListener('change', apply);
  }, [theme]);
}

/** Closing the tab ends nothing, but nobody should do it by accident between hold and Close. */
function useLeaveGuard(cannotLeave: string | null): void {
  useEffect(() => {
    if (cannotLeave === null) return;
    const guard = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', guard);
    return () => window.removeEventListener('beforeunload', guard);
  }, [cannotLeave]);
}

/** A new phase takes the window along, wherever the person was looking. */
function useFollowPhase(phase: View['header']['phase']): void {
  useEffect(() => {
    useUi.setState({ lookingAt: null });
  }, [phase]);
}

function ScreenOf(props: { readonly view: View }) {
  const { view } = props;
  const lookingAt = useUi((state) => state.lookingAt);
  const screen = (lookingAt === null ? null : screenFor(lookingAt, view)) ?? screenOf(view);
  switch (screen) {
    case 'preflight':
      return <Preflight view={view} />;
    case 'go':
      return view.go === null ? null : <GoNoGo view={view} go={view.go} />;
    case 'minute':
      return view.run === null ? null : <Minute view={view} run={view.run} />;
    case 'report':
      return view.report === null ? null : <Report view={view} report={view.report} />;
  }
}

function Cockpit(props: { readonly view: View }) {
  const { view } = props;
  const lost = useRun((state) => state.connection.kind !== 'connected');
  useLeaveGuard(view.header.cannotLeave);
  useFollowPhase(view.header.phase);
  useEffect(() => {
    const word = phases.find((entry) => entry.phase === view.header.phase)?.word ?? '';
    document.title = `${modeWords(view.header)} · ${word} · ${view.header.plan}`;
  }, [view.header]);
  return (
    <>
      <ModeBanner header={view.header} other={view.other} />
      <PhaseHeader view={view} />
      <div className={`${css['screen']} ${lost ? css['stale'] : ''}`}>
        <ScreenOf view={view} />
      </div>
      <Palette view={view} />
      <OverrideDialog gates={view.gates} />
    </>
  );
}

function Waiting() {
  const connection = useRun((state) => state.connection);
  const refused = connection.kind === 'refused';
  return (
    <main className={css['waiting']}>
      <h1>{refused ? 'This window may not look in' : 'Connecting to the cockpit…'}</h1>
      <p className="muted">
        {refused ? connection.why : 'It starts on this machine and shows itself in a moment.'}
      </p>
    </main>
  );
}

/** The one window: the mode on top, the phase below it, and the screen the run calls for. */
export function App() {
  const view = useRun((state) => state.view);
  const refused = useRun((state) => state.connection.kind === 'refused');
  useTheme();
  useShortcuts();
  return (
    <>
      <ConnectionLost />
      {view === null || refused ? <Waiting /> : <Cockpit view={view} />}
      <Notices />
      <Help />
      <WhoDialog />
    </>
  );
}

import { create } from 'zustand';
import type { GateGroup } from '../../shared/gates/gate.ts';
import type { Phase } from '../../shared/contract/view.ts';

export type Theme = 'system' | 'dark' | 'light';

/** What of preflight is listed: everything, one group of gates, or what is not a gate. */
export type Listed = 'all' | GateGroup | 'checklist' | 'host-keys' | 'topology' | 'propagation';

export type Notice = {
  readonly id: number;
  readonly tone: 'bad' | 'good';
  readonly text: string;
  /** What was asked for, where it was refused. */
  readonly asked: string | null;
};

export type UiStore = {
  readonly theme: Theme;
  readonly listed: Listed;
  readonly onlyBlocking: boolean;
  /** What is selected in preflight: `gate:…`, `item:…` or `host:…`. */
  readonly selected: string | null;
  /** A phase the person looks at instead of the present one; null follows the run. */
  readonly lookingAt: Phase | null;
  /** What of the watch is looked at: how it went, DNS as users see it, or who still arrives on the source side. */
  readonly watched: 'report' | 'dns' | 'residue';
  readonly dialog: 'none' | 'help' | 'palette' | 'override';
  /** The person at this window, asked once. */
  readonly who: string | null;
  readonly askingWho: ((who: string | null) => void) | null;
  readonly notices: readonly Notice[];
};

const whoKey = 'cockpit-who';
const themeKey = 'cockpit-theme';

function storedTheme(): Theme {
  const stored = window.localStorage.getItem(themeKey);
  return stored === 'dark' || stored === 'light' ? stored : 'system';
}

/** What belongs to this window alone: filters, dialogs, the name of the person. */
export const useUi = create<UiStore>()(() => ({
  theme: storedTheme(),
  listed: 'all',
  onlyBlocking: false,
  selected: null,
  lookingAt: null,
  watched: 'report',
  dialog: 'none',
  who: window.sessionStorage.getItem(whoKey),
  askingWho: null,
  notices: [],
}));

/** Chooses the theme and remembers it on this machine. */
export function chooseTheme(theme: Theme): void {
  window.localStorage.setItem(themeKey, theme);
  useUi.setState({ theme });
}

/** The name of the person at this window: asked once, remembered until the window closes; null when they cancel. */
export function askWho(): Promise<string | null> {
  const { who } = useUi.getState();
  if (who !== null) return Promise.resolve(who);
  return new Promise((resolve) => {
    useUi.setState({
      askingWho: (answer) => {
        if (answer !== null) window.sessionStorage.setItem(whoKey, answer);
        useUi.setState({ askingWho: null, who: answer });
        resolve(answer);
      },
    });
  });
}

/** Forgets the name, for a change of watch. */
export function forgetWho(): void {
  window.sessionStorage.removeItem(whoKey);
  useUi.setState({ who: null });
}

let nextNotice = 1;

/** Shows a sentence until it is dismissed; good news goes by itself. */
export function notify(tone: Notice['tone'], text: string, asked: string | null = null): void {
  const notice = { id: nextNotice, tone, text, asked };
  nextNotice += 1;
  useUi.setState((state) => ({ notices: [...state.notices.slice(-2), notice] }));
  if (tone === 'good') setTimeout(() => dismiss(notice.id), 4_000);
}

/** Takes a notice away. */
export function dismiss(id: number): void {
  useUi.setState((state) => ({ notices: state.notices.filter((notice) => notice.id !== id) }));
}

/** Takes refusals away that are over: what was asked for then is done now. */
export function dismissRefusalsOf(asked: string): void {
  useUi.setState((state) => ({ notices: state.notices.filter((notice) => notice.asked !== asked) }));
}

const permitKey = 'cockpit-permit';

/** Keeps the permit that go/no-go gave this window, also over a reload. `answer` is what `arm` answered. */
export function rememberPermit(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null || !('permit' in answer)) return;
  if (typeof answer.permit === 'string') window.sessionStorage.setItem(permitKey, answer.permit);
}

/** The permit of this window, or null when another window went to go/no-go. */
export function recallPermit(): string | null {
  return window.sessionStorage.getItem(permitKey);
}

import { useEffect } from 'react';
import { useUi } from '../store/ui.ts';

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

/** The keys that work everywhere. No single key does anything that cannot be taken back by the same key. */
export function useShortcuts(): void {
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      const { dialog, askingWho } = useUi.getState();
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        if (askingWho === null) useUi.setState({ dialog: dialog === 'palette' ? 'none' : 'palette' });
        return;
      }
      if (
        dialog !== 'none' ||
        askingWho !== null ||
        isTyping(event.target) ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey
      )
        return;
      if (event.key === '?') useUi.setState({ dialog: 'help' });
      if (event.key.toLowerCase() === 'b') useUi.setState((state) => ({ onlyBlocking: !state.onlyBlocking }));
    };
    window.addEventListener('keydown', down);
    return () => window.removeEventListener('keydown', down);
  }, []);
}

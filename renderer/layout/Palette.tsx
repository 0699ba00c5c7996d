import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import type { View } from '../../shared/contract/view.ts';
import { chooseTheme, forgetWho, useUi } from '../store/ui.ts';
import css from './palette.module.css';
import { phases, screenFor } from './screen-of.ts';

type Command = { readonly value: string; readonly label: string; readonly act: () => void };

/** Only what changes nothing outside this window. */
function commandsFor(view: View): readonly Command[] {
  const ui = useUi.setState;
  const reachable = phases.filter(({ phase }) => screenFor(phase, view) !== null);
  return [
    { value: 'now', label: 'Go to what the run is doing now', act: () => ui({ lookingAt: null }) },
    ...reachable.map(({ phase, word }) => ({
      value: `phase-${phase}`,
      label: `Look at: ${word}`,
      act: () => ui({ lookingAt: phase, ...(phase === 'replicate' ? { listed: 'topology' as const } : {}) }),
    })),
    {
      value: 'blocking',
      label: 'Preflight: show only what blocks',
      act: () => ui({ lookingAt: 'preflight', listed: 'all', onlyBlocking: true }),
    },
    {
      value: 'all',
      label: 'Preflight: show all gates',
      act: () => ui({ lookingAt: 'preflight', listed: 'all', onlyBlocking: false }),
    },
    {
      value: 'checklist',
      label: 'Preflight: checklist',
      act: () => ui({ lookingAt: 'preflight', listed: 'checklist' }),
    },
    {
      value: 'topology',
      label: 'Preflight: topology and lag',
      act: () => ui({ lookingAt: 'preflight', listed: 'topology' }),
    },
    {
      value: 'dns',
      label: 'Preflight: DNS as users see it',
      act: () => ui({ lookingAt: 'preflight', listed: 'propagation' }),
    },
    { value: 'dark', label: 'Theme: dark', act: () => chooseTheme('dark') },
    { value: 'light', label: 'Theme: light', act: () => chooseTheme('light') },
    { value: 'system', label: 'Theme: as the system', act: () => chooseTheme('system') },
    { value: 'who', label: 'Change of watch: ask for the name again', act: forgetWho },
    { value: 'help', label: 'Help: keys and signs', act: () => ui({ dialog: 'help' }) },
  ];
}

/** The command palette: type, choose, Enter. */
export function Palette(props: { readonly view: View }) {
  const open = useUi((state) => state.dialog === 'palette');
  const close = () => useUi.setState({ dialog: 'none' });
  return (
    <Dialog.Root open={open} onOpenChange={(now) => (now ? undefined : close())}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css['backdrop'] ?? ''} />
        <Dialog.Popup className={css['popup'] ?? ''} aria-label="Commands">
          <Autocomplete.Root
            open
            inline
            items={[...commandsFor(props.view)]}
            itemToStringValue={(command: Command) => command.label}
            autoHighlight="always"
            keepHighlight
          >
            <Autocomplete.Input
              className={css['input'] ?? ''}
              aria-label="Search commands"
              placeholder="What do you want to look at?"
            />
            <Dialog.Close className="visually-hidden">Close commands</Dialog.Close>
            <Autocomplete.Empty>
              <div className={css['empty']}>No command of that name.</div>
            </Autocomplete.Empty>
            <Autocomplete.List className={css['list'] ?? ''}>
              {(command: Command) => (
                <Autocomplete.Item
                  key={command.value}
                  value={command}
                  className={css['item'] ?? ''}
                  onClick={() => {
                    close();
                    command.act();
                  }}
                >
                  {command.label}
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

import { Dialog } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';
import css from './modal.module.css';

type Props = {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: string;
  readonly wide?: boolean;
  readonly children: ReactNode;
};

/** A question or a list above the screen; Escape and the backdrop leave it. */
export function Modal(props: Props) {
  return (
    <Dialog.Root open={props.open} onOpenChange={(open) => (open ? undefined : props.onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css['backdrop'] ?? ''} />
        <Dialog.Popup className={`${css['popup']} ${props.wide === true ? css['wide'] : ''}`}>
          <Dialog.Title className={css['title'] ?? ''}>{props.title}</Dialog.Title>
          {props.description !== undefined && (
            <Dialog.Description className="muted">{props.description}</Dialog.Description>
          )}
          {props.children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The buttons at the end of a question. */
export function ModalActions(props: { readonly children: ReactNode }) {
  return <div className={css['actions']}>{props.children}</div>;
}

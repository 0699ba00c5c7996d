import { dismiss, useUi } from '../store/ui.ts';
import css from './notices.module.css';

/** What the cockpit refused or did, in its own words. */
export function Notices() {
  const notices = useUi((state) => state.notices);
  return (
    <div className={css['notices']} role="status" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.id} className={`${css['notice']} ${css[notice.tone]}`}>
          <span>
            <b aria-hidden="true">{notice.tone === 'bad' ? '✕ ' : '✓ '}</b>
            {notice.text}
          </span>
          <button type="button" onClick={() => dismiss(notice.id)}>
            Dismiss
          </button>
        </div>
      ))}
    </div>
  );
}

import { useEffect, useState } from 'react';

/** Copies a text and says so; where the clipboard is not to be had it says that instead. */
export function Copy(props: { readonly text: string; readonly label?: string }) {
  const [said, setSaid] = useState<'ready' | 'copied' | 'failed'>('ready');
  useEffect(() => {
    if (said === 'ready') return;
    const timer = setTimeout(() => setSaid('ready'), 2_000);
    return () => clearTimeout(timer);
  }, [said]);
  const label =
    said === 'ready' ? (props.label ?? 'Copy') : said === 'copied' ? 'Copied ✓' : 'Select and copy by hand';
  return (
    <button
      type="button"
      aria-live="polite"
      onClick={() => {
        navigator.clipboard.writeText(props.text).then(
          () => setSaid('copied'),
          () => setSaid('failed'),
        );
      }}
    >
      {label}
    </button>
  );
}

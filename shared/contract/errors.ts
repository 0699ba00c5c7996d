/** The refusals every shell gives in the same words: what was expected, what was seen, what to do. */
export const refusals = {
  unknownRequest: (name: string) =>
    `There is no request "${name}". This screen and the cockpit may be of different versions: reload the page.`,
  badInput: (name: string, where: string) =>
    `The request "${name}" was not understood (${where}). Nothing was done. Reload the page and try again.`,
  observer: 'This window observes. Only the window that drives the run can do that.',
  failed: (name: string, message: string) =>
    `"${name}" failed inside the cockpit: ${message}. Look at the log before you try again.`,
} as const;

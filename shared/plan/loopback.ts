/** Whether an address never leaves the machine it is used on. */
export function isLoopback(address: string): boolean {
  const lower = address.toLowerCase();
  return lower === 'localhost' || lower === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(lower);
}

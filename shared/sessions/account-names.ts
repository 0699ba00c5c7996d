/** `'app'@'10.%'`, `app@10.%` and `` `app`@`10.%` `` are one account. */
export function bareAccount(account: string): string {
  return account.replace(/['"`]/g, '');
}

/** Whether two spellings name one account. */
export function sameAccount(one: string, other: string): boolean {
  return bareAccount(one) === bareAccount(other);
}

/** The user part of an account. */
export function userOfAccount(account: string): string {
  const name = bareAccount(account);
  const at = name.lastIndexOf('@');
  return at === -1 ? name : name.slice(0, at);
}

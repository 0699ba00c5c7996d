import type { NoAnswer } from '../../shared/sessions/session.ts';
import type { ZoneRefusal } from '../../shared/sessions/zone-answers.ts';

/** What a failed call to AWS means: its own refusal, or that nobody knows whether it happened. */
export type AwsFailure =
  | {
      readonly kind: 'refused';
      readonly refusal: ZoneRefusal;
      readonly code: number | null;
      readonly message: string;
    }
  | { readonly kind: 'none'; readonly why: NoAnswer; readonly message: string };

/** The codes of Route 53's, STS's and an ARC cluster's error replies ("Common Errors" and each action's errors in their API References). */
const refusals: Readonly<Record<string, ZoneRefusal>> = {
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequestsException: 'throttled',
  PriorRequestNotComplete: 'prior-request',
  InvalidChangeBatch: 'rejected',
  NoSuchHostedZone: 'no-such-zone',
  NoSuchChange: 'no-such-change',
  ConflictException: 'conflict',
  EndpointTemporarilyUnavailableException: 'unavailable',
  AccessDenied: 'credentials',
  AccessDeniedException: 'credentials',
  AuthFailure: 'credentials',
  CredentialsProviderError: 'credentials',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  IncompleteSignature: 'credentials',
  InvalidClientTokenId: 'credentials',
  InvalidSignatureException: 'credentials',
  MissingAuthenticationToken: 'credentials',
  MissingAuthenticationTokenException: 'credentials',
  NotAuthorized: 'credentials',
  OptInRequired: 'credentials',
  RequestExpired: 'credentials',
  RequestTimeTooSkewed: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  TokenProviderError: 'credentials',
  UnauthorizedSSOTokenError: 'credentials',
  UnrecognizedClientException: 'credentials',
};

/** These replies quote the request that was signed, and with it the session token. */
const quotesSecrets = new Set(['IncompleteSignature', 'InvalidSignatureException', 'SignatureDoesNotMatch']);

/** What to do about it, for the kinds in which a person has to act. */
const advice: Readonly<Partial<Record<ZoneRefusal, string>>> = {
  throttled: 'Something else uses the five requests a second of this account: stop it, then try again.',
  'prior-request': 'Another change of this zone is still being taken in: try again in some seconds.',
  credentials:
    'Log in again (aws sso login), or give this profile the rights of the policy in the documents.',
  'no-such-zone': 'Look at hostedZoneId and profile in the plan.',
};

/**
 * Judges what the SDK threw, by codes and never by texts. A reply of 500 and above says nothing of whether the change
 * happened, and neither does a connection that ended: that is no answer, and the caller looks at the zone. Only a
 * connection that was never made is sure to have sent nothing.
 */
export function awsFailure(error: unknown): AwsFailure {
  const seen = shapeOf(error);
  const { name, status } = seen;
  const known = refusals[name];
  const words = quotesSecrets.has(name) ? 'the signature was not accepted' : seen.words;
  const message = `${name === '' ? 'AWS' : name}: ${words}`;
  if (known !== undefined || status === 429) return refused(known ?? 'throttled', status, message);
  if (status === 401 || status === 403) return refused('credentials', status, message);
  if (status !== null && status >= 400 && status < 500) return refused('other', status, message);
  if (status !== null)
    return {
      kind: 'none',
      why: 'session-lost',
      message: `${message} (HTTP ${status}): expected a word on whether it happened; the zone itself shows it.`,
    };
  const system = seen.system === '' ? message : seen.system;
  if (seen.neverConnected)
    return {
      kind: 'none',
      why: 'not-connected',
      message: `No connection to AWS (${system}); nothing was sent. Look at the laptop's network and at the AWS health page.`,
    };
  return {
    kind: 'none',
    why: 'session-lost',
    message: `The connection to AWS ended before its answer (${system}); whether it happened is unknown.`,
  };
}

function refused(refusal: ZoneRefusal, code: number | null, message: string): AwsFailure {
  const what = advice[refusal];
  const whole = what === undefined ? message : `${message.replace(/\.?$/, '.')} ${what}`;
  return { kind: 'refused', refusal, code, message: whole };
}

type Shape = {
  readonly name: string;
  readonly words: string;
  readonly status: number | null;
  readonly system: string;
  readonly neverConnected: boolean;
};

/** Reads an unknown error of the SDK or of the system below it. */
function shapeOf(error: unknown): Shape {
  const root = fieldsOf(error);
  const metadata = fieldsOf(root['$metadata']);
  const status = metadata['httpStatusCode'];
  const listed = root['messages'];
  // An address with several families fails as one error that holds one for each (AggregateError).
  const each = Array.isArray(root['errors']) ? [root, ...root['errors'].map(fieldsOf)] : [root];
  const system =
    each.find((one) => typeof one['syscall'] === 'string') ??
    each.find((one) => typeof one['code'] === 'string') ??
    {};
  const code = textOf(system['code']);
  const syscall = textOf(system['syscall']);
  return {
    name: textOf(root['name']),
    // InvalidChangeBatch carries one message for each reason.
    words:
      Array.isArray(listed) && listed.length > 0 ? listed.map(textOf).join('; ') : textOf(root['message']),
    status: typeof status === 'number' ? status : null,
    system: [code, syscall].filter((word) => word !== '').join(' '),
    neverConnected:
      syscall === 'connect' ||
      syscall === 'getaddrinfo' ||
      /^(CERT_|ERR_TLS|DEPTH_ZERO|UNABLE_TO_)/.test(code),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

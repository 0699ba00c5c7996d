import { expect, test } from 'vitest';
import { awsFailure } from '../../main/adapters/route53-refusal.ts';

const thrown = (name: string, status?: number, more: object = {}): unknown =>
  Object.assign(
    new Error('words of AWS'),
    { name, ...more },
    status === undefined ? {} : { $metadata: { httpStatusCode: status } },
  );
const system = (code: string, syscall: string): unknown =>
  Object.assign(new Error('x'), { name: 'Error', code, syscall });

test.each([
  [thrown('Throttling', 400), 'throttled'],
  [thrown('ThrottlingException', 400), 'throttled'],
  [thrown('Unheard', 429), 'throttled'],
  [thrown('PriorRequestNotComplete', 400), 'prior-request'],
  [thrown('InvalidChangeBatch', 400), 'rejected'],
  [thrown('NoSuchHostedZone', 404), 'no-such-zone'],
  [thrown('NoSuchChange', 404), 'no-such-change'],
  [thrown('ExpiredToken', 403), 'credentials'],
  [thrown('Unheard', 403), 'credentials'],
  [thrown('CredentialsProviderError'), 'credentials'],
  [thrown('TokenProviderError'), 'credentials'],
  [thrown('InvalidInput', 400), 'other'],
])('%s is a refusal', (error, refusal) => {
  expect(awsFailure(error)).toMatchObject({ kind: 'refused', refusal });
});

test.each([
  [thrown('InternalFailure', 500), 'session-lost'],
  [thrown('ServiceUnavailable', 503), 'session-lost'],
  [system('ECONNRESET', 'read'), 'session-lost'],
  [system('EPIPE', 'write'), 'session-lost'],
  [new Error('socket hang up'), 'session-lost'],
  ['no error at all', 'session-lost'],
  [system('ECONNREFUSED', 'connect'), 'not-connected'],
  [system('ENOTFOUND', 'getaddrinfo'), 'not-connected'],
  [
    Object.assign(new Error('each'), {
      name: 'AggregateError',
      code: 'ECONNREFUSED',
      errors: [system('ECONNREFUSED', 'connect')],
    }),
    'not-connected',
  ],
])('%s leaves open what happened, unless nothing was sent', (error, why) => {
  expect(awsFailure(error)).toMatchObject({ kind: 'none', why });
});

test('never repeats what a reply quotes of the signed request', () => {
  const error = Object.assign(new Error('The Canonical String was x-amz-security-token:SECRET'), {
    name: 'SignatureDoesNotMatch',
    $metadata: { httpStatusCode: 403 },
  });
  expect(awsFailure(error).message).not.toContain('SECRET');
});

test('gives each reason of a rejected batch', () => {
  const messages = ['one is there already', 'two is gone'];
  expect(awsFailure(thrown('InvalidChangeBatch', 400, { messages })).message).toContain(
    'one is there already; two is gone',
  );
});

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { clusterReply, endpointAsked, type ClusterReply } from './cluster-api.ts';
import type { EmulatedAws } from './emulated-aws.ts';
import { apiError, route53Reply, type ApiReply } from './route53-api.ts';
import { xml, xmlDocument } from './xml.ts';

/** The largest body that is read: one full batch has 32,000 characters of values. */
const mostBytes = 1_024 * 1_024;

/**
 * The AWS endpoints of the account over HTTP on one port: Route 53 and STS, told apart by whom the request is signed for, and
 * the endpoints of its ARC cluster, told apart by their paths.
 */
export function awsHttp(aws: EmulatedAws, heard: (line: string, at: number) => void): Server {
  const server = createServer((request, response) => {
    const at = performance.now();
    void answer(aws, request, response).then(
      (line) => heard(line, at),
      () => response.destroy(),
    );
  });
  // The connection must outlast the pauses between two requests of a night, as the real one does not.
  server.keepAliveTimeout = 60_000;
  return server;
}

async function answer(aws: EmulatedAws, request: IncomingMessage, response: ServerResponse): Promise<string> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://emulator');
  const method = request.method ?? 'GET';
  const line = `${method} ${pathname}`;
  const body = await bodyOf(request);
  if (aws.faults.silent) return `${line} silent`;
  const place = endpointAsked(pathname);
  if (place !== null) return answerOfCluster(aws, [request, response], { place, body });
  const reply = replyTo(aws, {
    method,
    pathname,
    searchParams,
    body,
    signed: request.headers.authorization ?? '',
  });
  if (reply.lost === true) {
    response.destroy();
    return `${line} lost`;
  }
  response.writeHead(reply.status, { 'content-type': 'text/xml', 'x-amzn-requestid': 'emulated' });
  response.end(reply.body);
  return `${line} ${reply.status}`;
}

/** An endpoint of the cluster speaks JSON, and fails by itself: nothing of it hangs on the control plane. */
function answerOfCluster(
  aws: EmulatedAws,
  [request, response]: readonly [IncomingMessage, ServerResponse],
  { place, body }: { readonly place: number; readonly body: string },
): string {
  const target = String(request.headers['x-amz-target'] ?? '');
  const reply: ClusterReply = isSigned(request.headers.authorization)
    ? clusterReply(aws.cluster, { place, target, body })
    : { status: 403, body: JSON.stringify({ __type: 'AccessDeniedException', message: 'not signed' }) };
  const line = `${target} at ${place}`;
  if (reply === 'silent') return `${line} silent`;
  if (reply === 'dead') {
    response.destroy();
    return `${line} dead`;
  }
  response.writeHead(reply.status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': 'emulated',
  });
  response.end(reply.body);
  return `${line} ${reply.status}`;
}

function isSigned(authorization: string | undefined): boolean {
  return /Credential=[^/\s]+\/\d{8}\/[\w-]+\/route53-recovery-cluster\/aws4_request/.test(
    authorization ?? '',
  );
}

function replyTo(
  aws: EmulatedAws,
  request: {
    readonly method: string;
    readonly pathname: string;
    readonly searchParams: URLSearchParams;
    readonly body: string;
    readonly signed: string;
  },
): ApiReply {
  const scope = /Credential=[^/\s]+\/\d{8}\/[\w-]+\/(\w+)\/aws4_request/.exec(request.signed);
  if (scope === null) return apiError(403, 'MissingAuthenticationToken', 'Missing Authentication Token');
  const refusal = refusalOf(aws);
  if (refusal !== null) return refusal;
  if (scope[1] === 'sts') return identityReply(aws, request.body);
  const { method, pathname: path, searchParams: query, body } = request;
  return route53Reply(aws, { method, path, query, body });
}

function refusalOf({ faults, about }: EmulatedAws): ApiReply | null {
  switch (faults.credentials) {
    case 'good':
      return null;
    case 'expired':
      return apiError(403, 'ExpiredToken', 'The security token included in the request is expired');
    case 'unknown':
      return apiError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
    case 'denied':
      return apiError(
        403,
        'AccessDenied',
        `User: arn:aws:iam::${about.account}:user/operator is not authorized to perform this action`,
      );
  }
}

function identityReply({ about }: EmulatedAws, body: string): ApiReply {
  if (new URLSearchParams(body).get('Action') !== 'GetCallerIdentity')
    return apiError(400, 'InvalidAction', 'this emulator knows GetCallerIdentity alone');
  const result = xml('GetCallerIdentityResult', [
    xml('Arn', `arn:aws:iam::${about.account}:user/operator`),
    xml('UserId', 'EMULATED'),
    xml('Account', about.account),
  ]);
  const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
  return { status: 200, body: xmlDocument('GetCallerIdentityResponse', [result], namespace) };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > mostBytes) throw new Error('the body is too long');
  }
  return text;
}

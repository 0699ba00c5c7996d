import type { RoutingState } from '../../shared/sessions/zone-answers.ts';

/** The emulated ARC cluster: what its endpoints agree on, and how each of them is made to fail. */
export type EmulatedCluster = {
  /** By ARN. */
  readonly states: Map<string, RoutingState>;
  readonly faults: {
    /** Places of endpoints that end each connection without a word. */
    readonly dead: Set<number>;
    /** Places of endpoints that accept and never answer. */
    readonly silent: Set<number>;
    /** Places of endpoints that say that they are unavailable. */
    readonly unavailable: Set<number>;
    readonly throttled: Set<number>;
    /** The safety rule that every change breaks; null: none. */
    rule: string | null;
    /** So many changes are made and their reply is lost: the connection ends. */
    loseReplies: number;
  };
};

/** What an endpoint answers. `dead`: the connection ends; `silent`: nothing comes. */
export type ClusterReply = { readonly status: number; readonly body: string } | 'dead' | 'silent';

/** A cluster of these routing controls. */
export function emulatedCluster(states: Readonly<Record<string, RoutingState>> = {}): EmulatedCluster {
  return {
    states: new Map(Object.entries(states)),
    faults: {
      dead: new Set(),
      silent: new Set(),
      unavailable: new Set(),
      throttled: new Set(),
      rule: null,
      loseReplies: 0,
    },
  };
}

/** Which endpoint is asked, by its place in the plan; null: the request is for no cluster. */
export function endpointAsked(path: string): number | null {
  const place = /^\/cluster\/(\d)\/?$/.exec(path)?.[1];
  return place === undefined ? null : Number(place);
}

/** The answer of one endpoint to one request of AWS JSON 1.0, `ToggleCustomerAPI.GetRoutingControlState` and its like. */
export function clusterReply(
  cluster: EmulatedCluster,
  asked: { readonly place: number; readonly target: string; readonly body: string },
): ClusterReply {
  const { faults, states } = cluster;
  const { place } = asked;
  if (faults.dead.has(place)) return 'dead';
  if (faults.silent.has(place)) return 'silent';
  if (faults.unavailable.has(place))
    return wrong(503, 'EndpointTemporarilyUnavailableException', 'The cluster endpoint is not available.');
  if (faults.throttled.has(place)) return wrong(429, 'ThrottlingException', 'Rate exceeded');
  const body = parseBody(asked.body);
  switch (asked.target) {
    case 'ToggleCustomerAPI.GetRoutingControlState': {
      const arn = textOf(body['RoutingControlArn']);
      const state = states.get(arn);
      if (state === undefined) return wrong(400, 'ResourceNotFoundException', `no routing control ${arn}`);
      return good({ RoutingControlArn: arn, RoutingControlName: arn, RoutingControlState: state });
    }
    case 'ToggleCustomerAPI.UpdateRoutingControlState':
      return changed(cluster, [body], body);
    case 'ToggleCustomerAPI.UpdateRoutingControlStates': {
      const entries = body['UpdateRoutingControlStateEntries'];
      return changed(cluster, Array.isArray(entries) ? entries.map(fieldsOf) : [], body);
    }
    default:
      return wrong(400, 'ValidationException', `this emulator does not know ${asked.target}`);
  }
}

/** All of the entries or none of them. */
function changed(
  { states, faults }: EmulatedCluster,
  entries: readonly Readonly<Record<string, unknown>>[],
  body: Readonly<Record<string, unknown>>,
): ClusterReply {
  const wanted = entries.map(
    (entry) => [textOf(entry['RoutingControlArn']), entry['RoutingControlState']] as const,
  );
  if (wanted.length === 0) return wrong(400, 'ValidationException', 'no routing control is named');
  for (const [arn, state] of wanted) {
    if (!states.has(arn)) return wrong(400, 'ResourceNotFoundException', `no routing control ${arn}`);
    if (state !== 'On' && state !== 'Off') return wrong(400, 'ValidationException', 'a state is On or Off');
  }
  const overridden = body['SafetyRulesToOverride'];
  if (faults.rule !== null && !(Array.isArray(overridden) && overridden.length > 0))
    return wrong(409, 'ConflictException', faults.rule);
  for (const [arn, state] of wanted) states.set(arn, state === 'On' ? 'On' : 'Off');
  if (faults.loseReplies === 0) return good({});
  faults.loseReplies -= 1;
  return 'dead';
}

function good(body: Readonly<Record<string, unknown>>): ClusterReply {
  return { status: 200, body: JSON.stringify(body) };
}

function wrong(status: number, code: string, message: string): ClusterReply {
  return {
    status,
    body: JSON.stringify({ __type: `com.amazonaws.route53recoverycluster#${code}`, message }),
  };
}

function parseBody(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

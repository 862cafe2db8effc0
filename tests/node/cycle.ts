// A client made of the vendor's OpenAPI document, by the tools of the vendor's own: openapi-typescript writes
// `cycle-api.d.ts`, openapi-fetch sends. Compiling this checks paths, queries and bodies against the document.
import createClient, { type Client } from 'openapi-fetch';
import type { components, operations, paths } from './cycle-api.js';

type Cycle = Client<paths>;
type Job = components['schemas']['Job'];
type Body<Name extends 'createIntegration' | 'updateIntegration' | 'createIntegrationJob'> =
  NonNullable<operations[Name]['requestBody']>['content']['application/json'];
type Query<Name extends 'getIntegrations' | 'createIntegration' | 'getIntegration' | 'updateIntegration'> =
  operations[Name]['parameters']['query'];

const ALL = '/v1/hubs/current/integrations';
const ONE = '/v1/hubs/current/integrations/{integrationId}';
const ZERO = '0001-01-01T00:00:00Z';
const MOST_UNKNOWN = 5;

/** A client of one hub; `encoded` sends `page%5Bsize%5D=1` in place of `page[size]=1`. */
export function clientOf(baseUrl: string, token?: string, hub?: string, encoded = false): Cycle {
  const headers: Record<string, string> = {};
  if (token) headers['Authorization'] = `Bearer ${token}`;
  if (hub) headers['X-Hub-Id'] = hub;
  return createClient<paths>({ baseUrl, headers, ...(encoded ? { querySerializer: encodeNames } : {}) });
}

/** The calls of the reference, by the ids of the document's operations. */
export const calls = {
  getAvailableIntegrations: (client: Cycle) => client.GET(`${ALL}/available`),
  getIntegrations: (client: Cycle, query?: Query<'getIntegrations'>) => client.GET(ALL, { params: { query } }),
  createIntegration: (client: Cycle, body: Body<'createIntegration'>, query?: Query<'createIntegration'>) =>
    client.POST(ALL, { body, params: { query } }),
  getIntegration: (client: Cycle, integrationId: string, query?: Query<'getIntegration'>) =>
    client.GET(ONE, { params: { path: { integrationId }, query } }),
  updateIntegration: (
    client: Cycle,
    integrationId: string,
    body: Body<'updateIntegration'>,
    query?: Query<'updateIntegration'>,
  ) => client.PATCH(ONE, { body, params: { path: { integrationId }, query } }),
  deleteIntegration: (client: Cycle, integrationId: string) =>
    client.DELETE(ONE, { params: { path: { integrationId } } }),
  createIntegrationJob: (client: Cycle, integrationId: string, body: Body<'createIntegrationJob'>) =>
    client.POST(`${ONE}/tasks`, { body, params: { path: { integrationId } } }),
  getJob: (client: Cycle, jobId: string) => client.GET('/v1/jobs/{jobId}', { params: { path: { jobId } } }),
};

/** A job's end, and the states and the shares of done steps that were seen on the way. Without `job`: its failure. */
export interface Tracked {
  job?: Job;
  failure?: unknown;
  states: Job['state']['current'][];
  shares: number[];
  unknown: number;
}

/** Follows a job as the vendor's client does: an unknown job is asked for five times more, other errors end it. */
export async function trackJob(client: Cycle, jobId: string, milliseconds = 2000): Promise<Tracked> {
  const seen: Tracked = { states: [], shares: [], unknown: 0 };
  for (;;) {
    const { data, error } = await calls.getJob(client, jobId);
    if (error) {
      if (error.error.code !== '404.job' || seen.unknown >= MOST_UNKNOWN) return { ...seen, failure: error };
      seen.unknown += 1;
    } else {
      seen.states.push(data.data.state.current);
      seen.shares.push(doneShare(data.data));
      if (['completed', 'error', 'expired'].includes(data.data.state.current)) return { ...seen, job: data.data };
    }
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

/** Between 0 and 1: steps with a time of completion. A task without steps counts as one step. */
function doneShare(job: Job): number {
  const steps = job.tasks.flatMap((task) =>
    task.steps?.length ? task.steps.map((step) => step.completed !== ZERO) : [task.state.current === 'completed'],
  );
  return steps.length ? steps.filter(Boolean).length / steps.length : 1;
}

function encodeNames(query: Record<string, unknown>): string {
  const sent = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) value.forEach((one) => sent.append(name, String(one)));
    else if (value && typeof value === 'object') {
      for (const [key, one] of Object.entries(value)) sent.append(`${name}[${key}]`, String(one));
    } else if (value !== undefined) sent.append(name, String(value));
  }
  return sent.toString();
}

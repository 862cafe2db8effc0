// Calls a hub by the client that is made of Cycle's document: `node cycle.mjs <compiled cycle.ts> <base address>`.
// Each line of JSON is a call, by the id of its operation, or of the client's way to follow a job, `trackJob`.
import { createInterface } from 'node:readline';

const [compiled, baseUrl] = process.argv.slice(2);
const { calls, clientOf, trackJob } = await import(compiled);

async function answer({ token, hub, encoded, operation, args }) {
  try {
    const client = clientOf(baseUrl, token ?? undefined, hub ?? undefined, encoded);
    if (operation === 'trackJob') return { status: 200, body: await trackJob(client, ...args) };
    const { data, error, response } = await calls[operation](client, ...args);
    if (response.ok) return { status: response.status, body: data, location: response.headers.get('location') };
    return { status: response.status, error: error.error?.code ?? '', message: error.error?.title ?? '', body: error };
  } catch (error) {
    return { status: 0, error: error.name, message: String(error.stack) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}

// Calls a hub by the vendor's client: `node gitbook.mjs <package> <endpoint>`. Each line of JSON is a call, by the
// client's own name of it; `installation` (a name and an id) makes the client of an installation of it first.
import { createInterface } from 'node:readline';

const [name, endpoint] = process.argv.slice(2);
const { GitBookAPI } = await import(name);
const clients = new Map();

async function clientOf(token, installation) {
  const key = JSON.stringify([token, installation]);
  if (!clients.has(key)) {
    const own = new GitBookAPI({ endpoint, authToken: token });
    clients.set(key, installation ? await own.createInstallationClient(...installation) : own);
  }
  return clients.get(key);
}

async function answer({ token, installation, operation, args }) {
  try {
    const client = await clientOf(token ?? undefined, installation);
    const group = Object.values(client).find((one) => typeof one?.[operation] === 'function');
    const response = await group[operation](...args);
    return { status: response.status, body: response.data ?? null, location: response.headers.get('location') };
  } catch (error) {
    return { status: error.code ?? 0, error: error.name, message: error.errorMessage ?? String(error.stack) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}

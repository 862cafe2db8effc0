// A certified OpenID provider on loopback: `node provider.mjs` reads one JSON of options from stdin, prints one line
// `{"issuer": …}`, and lives until its stdin ends. Beside the provider's own paths it answers `GET /counts`: how many
// requests to the token endpoint there were, by grant and outcome.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const stdin = createInterface({ input: process.stdin });
const options = JSON.parse((await once(stdin, 'line'))[0]);
stdin.on('close', () => process.exit(0));
const counts = {};
const count = (what) => { counts[what] = (counts[what] ?? 0) + 1; };

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const seconds = options.accessTokenSeconds ?? 3600;
const provider = new Provider(issuer, {
  clients: options.clients,
  scopes: ['openid', 'offline_access', ...(options.scopes ?? [])],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: `Name of ${id}`, email: `${id}@example.test` }),
  }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: false },
  },
  issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: options.rotateRefreshToken ?? true,
  pkce: { required: () => true },
  ttl: { AccessToken: seconds, ClientCredentials: seconds, Grant: 86400, IdToken: 3600, Interaction: 3600, RefreshToken: 86400, Session: 3600 },
  cookies: { keys: ['only-for-tests'] },
});
provider.on('grant.success', (context) => count(`${context.oidc.params.grant_type} ok`));
provider.on('grant.error', (context, error) => count(`${context.oidc.params?.grant_type} ${error.error}`));
provider.on('revocation.error', () => count('revocation error'));
provider.use(async (context, next) => {
  if (context.path === '/counts') {
    context.body = counts;
    return;
  }
  await next();
  if (context.path === '/token/revocation' && context.status === 200) count('revocation ok');
});
server.on('request', provider.callback());
console.log(JSON.stringify({ issuer }));

// A provider that can be told to misbehave: `node mock-provider.mjs` prints one line `{"issuer": …}` and lives until its
// stdin ends. A line of JSON on stdin says how the token endpoint answers from then on, each acknowledged by a line:
// `status` and `body` replace the answer, `change` is laid over it (null removes a member), `{}` heals it.
// `GET /counts` says how many requests to the token endpoint there were, by grant.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server';

let fault = {};
const counts = {};
const issuer = new OAuth2Issuer();
await issuer.keys.generate('RS256');
const service = new OAuth2Service(issuer);
service.on('beforeResponse', (answer, request) => {
  counts[request.body.grant_type] = (counts[request.body.grant_type] ?? 0) + 1;
  if (fault.status) answer.statusCode = fault.status;
  if ('body' in fault) answer.body = fault.body;
  for (const [name, value] of Object.entries(fault.change ?? {})) {
    if (value === null) delete answer.body[name];
    else answer.body[name] = value;
  }
});

const server = createServer((request, response) => {
  if (request.url !== '/counts') return service.requestHandler(request, response);
  response.setHeader('Content-Type', 'application/json');
  return response.end(JSON.stringify(counts));
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
issuer.url = `http://127.0.0.1:${server.address().port}`;
console.log(JSON.stringify({ issuer: issuer.url }));

createInterface({ input: process.stdin })
  .on('line', (line) => { fault = JSON.parse(line); console.log('{}'); })
  .on('close', () => process.exit(0));

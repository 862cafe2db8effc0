// Visits GraphiQL as a person does, in a Chromium that reaches loopback only, and prints what it saw as JSON.
// `node graphiql.mjs <chromium> <profile> <pictures>` reads {url, other, token, hub, organization} from stdin. At `other`,
// which the same browser visits, it goes no further than the first answer.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [executablePath, profile, pictures] = process.argv.slice(2);
const { url, other, token, hub, organization } = JSON.parse(readFileSync(0, 'utf8'));

const SHUT = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--disable-quic'];
const QUIET = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: false, // playwright's word for its own old mode; the flag below asks for the new one
  args: ['--headless=new', '--no-sandbox', '--disable-gpu', ...SHUT, ...QUIET],
  viewport: { width: 1280, height: 800 },
  colorScheme: 'light',
});
browser.setDefaultTimeout(20_000);

let page, bar, status, docs, seen;
browser.on('request', request => {
  const { authorization = null, 'x-hub-id': hubId = null } = request.headers();
  seen.requests.push({ method: request.method(), url: request.url(), authorization, hub: hubId });
});
browser.on('console', message => message.type() === 'error' && seen.faults.push(message.text()));
browser.on('weberror', error => seen.faults.push(String(error.error())));

const picture = name => page.screenshot({ path: `${pictures}/${name}.png` });
const kept = () => page.evaluate(() => JSON.stringify({ ...localStorage }));

async function arrive() {
  page = await browser.newPage();
  bar = page.locator('.sign-in');
  status = bar.getByRole('status');
  docs = page.locator('.graphiql-doc-explorer');
  seen = { requests: [], faults: [] };
}

async function becomes(state) {
  await page.locator(`.sign-in[data-state=${state}]`).waitFor();
  return status.innerText();
}

async function enter(text) {
  await bar.getByLabel('Token').fill(text);
  await bar.getByRole('button', { name: 'Use' }).click();
}

async function editorIsThere() {
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
}

const steps = {
  async withoutToken(address) {
    await page.goto(address);
    await editorIsThere();
    const says = await becomes('wanted');
    await page.getByRole('button', { name: /Execute query/ }).click();
    await page.locator('.graphiql-response').getByText('enter one at the top').waitFor();
    await picture('without-token');
    return { says, asked: seen.requests.filter(({ method }) => method === 'POST').length };
  },
  async signedIn() {
    await bar.getByLabel('Hub id').fill(hub);
    await enter(`Bearer ${token}`);
    return becomes('accepted');
  },
  async ran() {
    await page.getByRole('button', { name: /Execute query/ }).click();
    const response = page.locator('.graphiql-response');
    await response.getByText(organization).first().waitFor();
    await picture('result');
    return response.innerText();
  },
  async documented() {
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await docs.getByText('Query', { exact: true }).click();
    await docs.getByRole('link', { name: 'Viewer', exact: true }).or(docs.getByText('Viewer', { exact: true })).first().click();
    await docs.getByText('Who is asking').or(docs.getByText('The organization that')).first().waitFor();
    await picture('docs');
    return docs.innerText();
  },
  async underlined() {
    await page.locator('.graphiql-query-editor').getByText('viewer').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('query Wrong { noSuchField ');
    await page.locator('.graphiql-query-editor .squiggly-error').first().waitFor();
    await picture('underlined');
    return true;
  },
  async reloaded() {
    await page.reload();
    const says = await becomes('accepted');
    return { says, token: await bar.getByLabel('Token').inputValue(), address: page.url() };
  },
  async dark() {
    await page.emulateMedia({ colorScheme: 'dark' });
    await editorIsThere();
    await page.locator('.monaco-editor.vs-dark').first().waitFor();
    await picture('dark');
    return bar.evaluate(element => getComputedStyle(element).backgroundColor);
  },
  async forgotten() {
    const before = (await kept()).includes(token);
    await bar.getByRole('button', { name: 'Forget' }).click();
    await becomes('wanted');
    const after = (await kept()).includes(token);
    await page.reload();
    await becomes('wanted');
    return { before, after, field: await bar.getByLabel('Token').inputValue() };
  },
};

async function visit(address, names) {
  await arrive();
  for (const name of names) {
    seen[name] = await steps[name](address);
  }
  const faults = [...seen.faults];
  await enter(token.replace(/.{3}$/, '___')); // its 401 is an error to the console, too
  seen.refused = await becomes('refused');
  await picture('refused');
  await page.evaluate(() => localStorage.clear()); // both addresses are of one origin
  await page.close();
  return { ...seen, faults };
}

const whole = await visit(url, Object.keys(steps));
const first = await visit(other, ['withoutToken', 'signedIn', 'ran']);
console.log(JSON.stringify({ whole, first }));
await browser.close();

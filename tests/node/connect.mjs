// Connects as a person does, in a Chromium without JavaScript that reaches loopback only, and prints what it saw as
// JSON. `node connect.mjs <chromium> <profile> <pictures>` reads {key, choice, service, returns, ended} from stdin:
// addresses of connect links and of pages, and the name of the OAuth service to choose.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [executablePath, profile, pictures] = process.argv.slice(2);
const { key, choice, service, returns, ended } = JSON.parse(readFileSync(0, 'utf8'));

const SHUT = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--disable-quic'];
const QUIET = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const LAPTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: false, // playwright's word for its own old mode; the flag below asks for the new one
  args: ['--headless=new', '--no-sandbox', '--disable-gpu', ...SHUT, ...QUIET],
  javaScriptEnabled: false,
  viewport: LAPTOP,
  colorScheme: 'light',
});
browser.setDefaultTimeout(30_000);

const seen = { faults: [], requests: [] };
browser.on('console', message => message.type() === 'error' && seen.faults.push(message.text()));
browser.on('requestfinished', async request => {
  const { referer = null } = await request.allHeaders(); // as they were sent, not as they were meant
  seen.requests.push({ url: request.url(), method: request.method(), referrer: referer });
});

const page = browser.pages()[0];
const title = () => page.getByRole('heading', { level: 1 }).innerText();
const focused = () => page.locator(':focus').getAttribute('name');

const picture = name => page.screenshot({ path: `${pictures}/${name}.png` });

async function isWide(name) {
  await page.setViewportSize(PHONE);
  await picture(`${name}-phone`);
  const wide = (await page.locator('main').boundingBox()).width > PHONE.width;
  await page.setViewportSize(LAPTOP);
  return wide;
}

const steps = {
  async form() {
    await page.goto(key);
    await picture('form');
    const wide = await isWide('form');
    return { title: await title(), wide, type: await page.getByLabel('API key').getAttribute('type') };
  },
  async wrong() {
    await page.getByLabel('API key').fill('pasted a whole file '.repeat(1000));
    await page.getByRole('button', { name: 'Connect' }).click();
    const box = page.getByLabel('API key');
    await page.getByRole('alert').waitFor();
    await picture('wrong');
    const wide = await isWide('wrong');
    const described = await box.getAttribute('aria-describedby');
    return { wide, value: await box.inputValue(), says: await page.locator(`#${described}`).innerText() };
  },
  async connected() {
    const order = [];
    for (let count = 0; count < 2; count += 1) {
      await page.keyboard.press('Tab');
      order.push((await focused()) ?? (await page.locator(':focus').innerText()));
    }
    await page.getByLabel('API key').focus();
    await page.keyboard.type(' sk-of-the-user ');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/back/);
    return { order, url: page.url() };
  },
  async choices() {
    await page.goto(choice);
    await picture('choices');
    const wide = await isWide('choices');
    return { wide, title: await title(), links: await page.getByRole('link').allInnerTexts() };
  },
  async consent() {
    await page.getByRole('link', { name: service }).click();
    await picture('consent');
    await page.getByRole('button', { name: `Continue to ${service}` }).click();
    await page.locator('input[name=login]').fill('alice');
    await page.locator('input[name=password]').fill('any');
    await page.getByRole('button').click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(/\/back/);
    return page.url();
  },
  async asked() {
    await page.goto(returns);
    await picture('asked');
    const seenFirst = { title: await title(), wide: await isWide('asked') };
    await page.getByRole('button', { name: `Connect ${service}` }).click();
    await page.getByRole('heading', { name: 'is connected' }).waitFor();
    return { ...seenFirst, ended: await title() };
  },
  async ended() {
    const titles = {};
    for (const [name, url] of Object.entries(ended)) {
      await page.goto(url);
      await picture(name);
      titles[name] = await title();
    }
    return titles;
  },
};

for (const [name, step] of Object.entries(steps)) {
  try {
    seen[name] = await step();
  } catch (error) {
    await page.screenshot({ path: `${pictures}/stuck.png` });
    throw new Error(`${name} at ${page.url()}`, { cause: error });
  }
}
console.log(JSON.stringify(seen));
await browser.close();

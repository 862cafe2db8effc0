// Runs snippets of the manual as receivers do. Reads from standard input a list of
// {module, secret, headers, body (base64)}; prints for each the event, as its function sees it, or `false`.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

async function read({ module, secret, headers, body }) {
  const { eventOf } = await import(pathToFileURL(module));
  try {
    return await eventOf(secret, headers, Buffer.from(body, "base64"));
  } catch {
    return false;
  }
}

console.log(JSON.stringify(await Promise.all(JSON.parse(readFileSync(0, "utf8")).map(read))));

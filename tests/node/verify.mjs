// Verifies signed webhooks as receivers do, with the two libraries that they use. Reads from standard input a list of
// {library, secret, headers, body (base64)} and prints for each `true` or the words of the refusal.
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";
import { readFileSync } from "node:fs";

const libraries = { standardwebhooks: Standard, svix: Svix };

function verdict({ library, secret, headers, body }) {
  try {
    new libraries[library](secret).verify(Buffer.from(body, "base64"), headers);
    return true;
  } catch (error) {
    return error.message;
  }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(verdict)));

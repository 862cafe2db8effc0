// What the browser remembers of who is asking: in its own storage, never in an address.

// Hubs below several paths of one origin keep apart.
export const NAMESPACE = `patchbay:${location.pathname}`;

const TOKEN = `${NAMESPACE}:token`;
const HUB = `${NAMESPACE}:hub`;

export function readSession() {
  return { token: localStorage.getItem(TOKEN) ?? '', hub: localStorage.getItem(HUB) ?? '' };
}

export function rememberSession({ token, hub }) {
  localStorage.setItem(TOKEN, token);
  localStorage.setItem(HUB, hub);
}

export function forgetSession() {
  localStorage.removeItem(TOKEN);
  localStorage.removeItem(HUB);
}

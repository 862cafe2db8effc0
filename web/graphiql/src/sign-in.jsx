// The bar above GraphiQL: who is asking.
import { useState } from 'react';

const SAYS = {
  wanted: 'Enter a token to begin: the hub printed one when it started with the demo, and its operator can make more.',
  asking: 'Asking the hub…',
  accepted: 'Token accepted. This browser remembers it.',
  refused: 'The hub refused this token: it is mistyped, expired or revoked.',
};

// `refused` is undefined until the hub has answered.
export function SignIn({ session, refused, onSignIn, onForget }) {
  const [token, setToken] = useState(session.token);
  const [hub, setHub] = useState(session.hub);
  const state = stateOf(session, refused);

  function submit(event) {
    event.preventDefault();
    onSignIn({ token, hub });
  }

  return (
    <header className="sign-in" data-state={state}>
      <h1>Patchbay</h1>
      <form onSubmit={submit} autoComplete="off">
        <label className="token">
          <span>Token</span>
          <input
            name="token"
            type="password"
            autoComplete="off"
            autoFocus={!session.token}
            required
            pattern="[!-~]+"
            title="Letters, digits and signs, without spaces."
            placeholder="pb_…"
            value={token}
            onChange={event => setToken(withoutScheme(event.target.value))}
          />
        </label>
        <label className="hub">
          <span>Hub id</span>
          <input
            name="hub"
            autoComplete="off"
            spellCheck={false}
            pattern="[!-~]+"
            title="Sent as X-Hub-Id: picks the organization where a token reaches several."
            placeholder="optional"
            value={hub}
            onChange={event => setHub(event.target.value.trim())}
          />
        </label>
        <button type="submit">Use</button>
        <button type="button" className="quiet" disabled={!session.token} onClick={onForget}>
          Forget
        </button>
      </form>
      <p role="status">{SAYS[state]}</p>
    </header>
  );
}

function stateOf(session, refused) {
  if (!session.token) {
    return 'wanted';
  }
  if (refused === undefined) {
    return 'asking';
  }
  return refused ? 'refused' : 'accepted';
}

// People paste whole headers.
function withoutScheme(text) {
  return text.replace(/^\s*(authorization:\s*)?bearer\s+/i, '').trim();
}

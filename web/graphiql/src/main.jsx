// GraphiQL over the hub that serves this page.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style.css';

import { createLocalStorage } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { fetcherFor } from './fetcher.js';
import { forgetSession, NAMESPACE, readSession, rememberSession } from './session.js';
import { SignIn } from './sign-in.jsx';
import { FollowTheme } from './theme.jsx';
import welcome from './welcome.graphql?raw';

const storage = createLocalStorage({ namespace: NAMESPACE });

function Page() {
  const [session, setSession] = useState(readSession);
  const [answer, setAnswer] = useState(null);
  const fetcher = useMemo(() => fetcherFor(session, refused => setAnswer({ session, refused })), [session]);

  function signIn(wanted) {
    rememberSession(wanted);
    setSession(wanted);
  }

  function signOut() {
    forgetSession();
    setSession(readSession());
  }

  return (
    <>
      <SignIn
        key={session.token}
        session={session}
        refused={answer?.session === session ? answer.refused : undefined}
        onSignIn={signIn}
        onForget={signOut}
      />
      <main>
        {/* Without a token nothing is asked: the bar above says what is wanted, instead of a refusal. */}
        <GraphiQL
          fetcher={fetcher}
          schema={session.token ? undefined : null}
          schemaDescription
          inputValueDeprecation
          defaultQuery={welcome}
          shouldPersistHeaders={false}
          storage={storage}
        >
          <FollowTheme />
          <GraphiQL.Logo>
            <span className="graphiql-logo-link">
              Graph<em>i</em>QL
            </span>
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}

createRoot(document.getElementById('root')).render(<Page />);

// GraphiQL asks the browser for its theme when it starts; this follows it when it changes.
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';

export function FollowTheme() {
  const chosen = useGraphiQL(state => state.theme);
  const { setTheme } = useGraphiQLActions();

  useEffect(() => {
    const preference = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(chosen);
    preference.addEventListener('change', follow);
    return () => preference.removeEventListener('change', follow);
  }, [chosen, setTheme]);
}

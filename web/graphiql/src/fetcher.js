// Asks the hub at the page's own address, on behalf of a session.

const WANTED = 'This hub answers to tokens: enter one at the top of the page.';

// `onAnswer(refused)` tells whether the hub took the token, each time that it answers.
export function fetcherFor({ token, hub }, onAnswer) {
  return async (params, { headers } = {}) => {
    const credentials = { ...(token && { Authorization: `Bearer ${token}` }), ...(hub && { 'X-Hub-Id': hub }) };
    const sent = new Headers({ ...credentials, ...headers }); // what the headers editor names comes last
    if (!sent.has('Authorization')) {
      return { errors: [{ message: WANTED }] };
    }
    sent.set('Accept', 'application/graphql-response+json, application/json');
    sent.set('Content-Type', 'application/json');
    const body = JSON.stringify(params);
    const response = await fetch(location.pathname, { method: 'POST', headers: sent, body, cache: 'no-store' });
    onAnswer(response.status === 401);
    if (!response.headers.get('Content-Type')?.includes('json')) {
      throw new Error(`The hub cannot be reached: ${response.status} ${response.statusText}`);
    }
    return response.json();
  };
}

// An application that signs its users in by OpenID Connect: npm openid-client, on another site than the program, since
// 127.0.0.1 is not localhost.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';

const event = 'http://schemas.openid.net/event/backchannel-logout';
const scope = 'openid profile office offline_access';

export class Application {
  sessions = new Map(); // by the browser's cookie: the tokens, and what the ID token says
  told = []; // the sids of sessions that it was told the end of
  #under = new Map(); // log-ins under way
  #seen = new Set();

  static async start(app, name) {
    const self = new Application();
    self.server = createServer((request, response) => self.#answer(request, response));
    await new Promise((up) => self.server.listen(0, '127.0.0.1', up));
    self.server.unref();
    self.url = `http://127.0.0.1:${self.server.address().port}`;
    const made = await app.command(
      ['app', 'create', '--json', '--name', name, '--url', self.url, '--offices', 'all', '--oidc'].concat(
        ['--redirect-uri', `${self.url}/callback`, '--post-logout-uri', `${self.url}/signed-out`],
        ['--backchannel-logout-uri', `${self.url}/told`],
      ),
    );
    const { client_id, client_secret } = JSON.parse(made); // the command does not know the port
    self.clientId = client_id;
    self.config = await client.discovery(new URL(app.url), client_id, client_secret, undefined, {
      execute: [client.allowInsecureRequests],
    });
    self.keys = createRemoteJWKSet(new URL(self.config.serverMetadata().jwks_uri));
    return self;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** The address of an authorization request, and what its answer is checked with. */
  async ask(more = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
    const to = client.buildAuthorizationUrl(this.config, {
      redirect_uri: `${this.url}/callback`,
      scope,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...more,
    });
    return { to, checks };
  }

  async #answer(request, response) {
    const here = new URL(request.url, this.url);
    const cookie = /session=([\w-]+)/.exec(request.headers.cookie)?.[1];
    const send = (status, text, headers = {}) => response.writeHead(status, headers).end(text);
    const page = (text) =>
      send(200, `<!doctype html><title>Payroll</title>${text}`, {
        'content-type': 'text/html',
        'cache-control': 'no-store',
      });
    try {
      switch (`${request.method} ${here.pathname}`) {
        case 'GET /': {
          const session = this.sessions.get(cookie);
          if (session) {
            return page(`<p>Hello ${session.claims.preferred_username}</p><a href="/log-out">Leave</a>`);
          }
          const { to, checks } = await this.ask();
          const id = randomUUID();
          this.#under.set(id, checks);
          const headers = { location: to.href, 'set-cookie': `session=${id}; HttpOnly; SameSite=Lax` };
          return send(303, '', headers);
        }
        case 'GET /callback': {
          const tokens = await client.authorizationCodeGrant(this.config, here, this.#under.get(cookie));
          const user = await client.fetchUserInfo(this.config, tokens.access_token, tokens.claims().sub);
          this.sessions.set(cookie, { tokens, claims: { ...user, ...tokens.claims() } });
          return send(303, '', { location: '/' });
        }
        case 'GET /log-out': {
          const session = this.sessions.get(cookie);
          this.sessions.delete(cookie);
          const to = client.buildEndSessionUrl(this.config, {
            id_token_hint: session.tokens.id_token,
            post_logout_redirect_uri: `${this.url}/signed-out`,
            state: cookie,
          });
          return send(303, '', { location: to.href });
        }
        case 'GET /signed-out':
          assert.equal(here.searchParams.get('state'), cookie);
          return page('<p>You have left Payroll</p>');
        case 'POST /told':
          await this.#hear(request);
          return send(200, '', { 'cache-control': 'no-store' });
        case 'GET /favicon.ico':
          return send(204, '');
      }
      return send(404, '');
    } catch (error) {
      return send(500, String(error.stack));
    }
  }

  /** Takes a logout token as OpenID Connect Back-Channel Logout 1.0 has it in section 2.6, and ends that session. */
  async #hear(request) {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { payload } = await jwtVerify(new URLSearchParams(body).get('logout_token'), this.keys, {
      issuer: this.config.serverMetadata().issuer,
      audience: this.clientId,
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'exp', 'jti', 'sub', 'sid', 'events'],
    });
    assert.deepEqual(payload.events[event], {});
    assert.equal(payload.nonce, undefined);
    assert.ok(!this.#seen.has(payload.jti));
    this.#seen.add(payload.jti);
    for (const [id, { claims }] of this.sessions) if (claims.sid === payload.sid) this.sessions.delete(id);
    this.told.push(payload.sid);
  }
}

// A real OpenID Connect provider (npm oidc-provider), on another site than the program: 127.0.0.1 is not localhost.
// People log in there by typing who they are; what it says of their second factor is set by the test.
import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';

export class IdentityProvider {
  clientId = 'nightlatch';
  secret = randomBytes(24).toString('base64url');
  says = {}; // { amr: [...], acr: '...' } of the next log-ins

  static async start(callback) {
    const idp = new IdentityProvider();
    const server = (idp.server = createServer());
    await new Promise((up) => server.listen(0, '127.0.0.1', up));
    idp.issuer = `http://127.0.0.1:${server.address().port}`;
    const provider = new Provider(idp.issuer, {
      clients: [
        {
          client_id: idp.clientId,
          client_secret: idp.secret,
          redirect_uris: [callback],
          grant_types: ['authorization_code'],
          response_types: ['code'],
        },
      ],
      claims: { openid: ['sub', 'amr', 'acr'], profile: ['name'] },
      features: { devInteractions: { enabled: false } },
      cookies: { keys: [randomBytes(16).toString('hex')] },
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, name: id }) }),
      // The office's own provider asks nobody for consent.
      loadExistingGrant: async (ctx) => {
        const grant = new ctx.oidc.provider.Grant({
          clientId: ctx.oidc.client.clientId,
          accountId: ctx.oidc.session.accountId,
        });
        grant.addOIDCScope('openid profile');
        await grant.save();
        return grant;
      },
    });
    provider.on('server_error', (_, error) => console.error('the provider:', error));
    const answer = provider.callback();
    server.on('request', async (request, response) => {
      if (request.url === '/favicon.ico') return response.writeHead(204).end();
      if (!request.url.startsWith('/interaction/')) return answer(request, response);
      if (request.method === 'GET') {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        return response.end(`<!doctype html><html lang="en"><title>Provider</title><h1>The provider</h1>
          <form method="post"><label>Account <input name="account"></label><button>Sign in there</button>
            <button name="cancel" value="yes">Cancel there</button></form>`);
      }
      let body = '';
      for await (const part of request) body += part;
      const form = new URLSearchParams(body);
      await provider.interactionFinished(
        request,
        response,
        form.has('cancel')
          ? { error: 'access_denied', error_description: 'cancelled' }
          : { login: { accountId: form.get('account'), remember: false, ...idp.says } },
      );
    });
    return idp;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((down) => this.server.close(down));
  }
}

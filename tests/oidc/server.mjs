// An OpenID provider that is not ours, at the addresses of Entra: does it understand our requests?
//
// Called with the file of a certificate (PEM). Prints its address as soon as it listens, and ends with its standard input.
// People are played here: whoever opens the sign-in page is `anna` and agrees, and `/enter?code=…` enters a device code.

import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const certificate = new X509Certificate(readFileSync(process.argv[2]));
const thumbprint = (hash) => createHash(hash).update(certificate.raw).digest('base64url');
const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const address = `http://127.0.0.1:${server.address().port}`;
const scopes = ['.default', 'Presence.Read.All', 'User.Read.All'].map((name) => `${address}/${name}`);
const entra = '/tenant.example/oauth2/v2.0';

const app = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
const provider = new Provider(address, {
  clients: [
    { ...app, client_id: 'by-secret', client_secret: 'SAMPLE-secret &=+', token_endpoint_auth_method: 'client_secret_post' },
    {
      ...app,
      client_id: 'by-certificate',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [certificate.publicKey.export({ format: 'jwk' })] },
    },
    {
      client_id: 'by-person',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: ['http://localhost'],
      response_types: ['code'],
    },
  ],
  scopes: [...scopes, 'offline_access'],
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    devInteractions: { enabled: false },
  },
  routes: { authorization: `${entra}/authorize`, device_authorization: `${entra}/devicecode`, token: `${entra}/token` },
  interactions: { url: (_, interaction) => `/people/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: () => true,
  assertJwtClientAuthClaimsAndHeader: (_, claims, header) => {
    const fits = header.alg === 'PS256'
      ? header['x5t#S256'] === thumbprint('sha256')
      : header.alg === 'RS256' && header.x5t === thumbprint('sha1');
    if (!fits) throw new Error(`the header does not name the certificate: ${JSON.stringify(header)}`);
    if (claims.sub !== claims.iss) throw new Error('the subject is not the issuer');
  },
});

async function agreed(clientId, scope) {
  const grant = new provider.Grant({ accountId: 'anna', clientId });
  grant.addOIDCScope(scope);
  return grant.save();
}

provider.use(async (ctx, next) => {
  if (ctx.path.startsWith('/people/')) {
    const { prompt, params } = await provider.interactionDetails(ctx.req, ctx.res);
    const result = prompt.name === 'login'
      ? { login: { accountId: 'anna' } }
      : { consent: { grantId: await agreed(params.client_id, params.scope) } };
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: true }));
  } else if (ctx.path === '/enter') {
    const code = await provider.DeviceCode.findByUserCode(ctx.query.code.replace(/[^A-Z0-9]/g, ''));
    const { client_id: clientId, scope } = code.params;
    Object.assign(code, { accountId: 'anna', grantId: await agreed(clientId, scope), scope, authTime: code.iat });
    await code.save();
    ctx.status = 204;
  } else {
    // Entra's word for choosing an account is its own, and where it asks for consent by itself, others want to be told.
    if (ctx.query.prompt === 'select_account') ctx.query = { ...ctx.query, prompt: 'consent' };
    await next();
  }
});

provider.on('server_error', (_, error) => console.error(error));
provider.on('grant.error', (_, error) => console.error(error.error, error.error_description, error.error_detail));
server.on('request', provider.callback());
process.stdin.on('end', () => process.exit()).resume();
console.log(address);

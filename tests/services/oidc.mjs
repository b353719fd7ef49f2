// An OpenID provider with one client and one person. Usage: node oidc.mjs CONFIGURATION. Prints its port as JSON.
// It signs the person in and consents by itself: a test drives Fabrica, not the provider's pages.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { Provider } from 'oidc-provider'

const { client_id, client_secret, redirect_uris, person } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const server = createServer()
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
const { port } = server.address()

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id, client_secret, redirect_uris,
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
  }],
  claims: {
    openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name'],
    entitlements: ['eduperson_entitlement', 'schac_home_organization'],
  },
  scopes: ['openid', 'email', 'profile', 'offline_access', 'entitlements'],
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: false },
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...person, sub }) }),
  cookies: { keys: ['the-tests-only'] },
})

const answer = provider.callback()
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response)
  try {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response)
    if (prompt.name === 'login') {
      return await provider.interactionFinished(request, response, { login: { accountId: person.sub } })
    }
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
    grant.addOIDCScope(params.scope)
    await provider.interactionFinished(
      request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true })
  } catch (problem) {
    response.writeHead(500).end(String(problem))
  }
})
console.log(JSON.stringify({ port }))

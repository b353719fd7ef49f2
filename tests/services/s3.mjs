// An S3 server that refuses wrong credentials. Usage: node s3.mjs FOLDER BUCKET. Prints its port as JSON.
// s3rver checks only that a version 4 signature names a key it knows, so the signature itself is checked here.
import { createHmac, createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import S3rver from 's3rver'

const KEYS = { S3RVER: 'S3RVER' }
const [directory, bucket] = process.argv.slice(2)

const s3rver = new S3rver({ silent: true, directory, configureBuckets: [{ name: bucket }] })
await s3rver.configureBuckets()
const answer = s3rver.callback()
const server = createServer((request, response) => {
  if (signedByAKnownKey(request)) return answer(request, response)
  request.resume()
  response.writeHead(403, { 'content-type': 'application/xml' })
  response.end('<Error><Code>SignatureDoesNotMatch</Code><Message>The signature is not ours.</Message></Error>')
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))

// AWS Signature Version 4, in the header or in the query of a presigned address.
function signedByAKnownKey(request) {
  const url = new URL(request.url, 'http://localhost')
  const claim = claimInQuery(url) ?? claimInHeader(request.headers)
  const [key, day, region, service] = claim?.credential?.split('/') ?? []
  if (!claim || !(key in KEYS)) return false

  const headers = claim.signedHeaders.split(';')
    .map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`).join('')
  const canonical = [
    request.method, request.url.split('?')[0], canonicalQuery(url), headers, claim.signedHeaders, claim.bodyHash,
  ].join('\n')
  const scope = [day, region, service, 'aws4_request'].join('/')
  const toSign = ['AWS4-HMAC-SHA256', claim.at, scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  const signingKey = [day, region, service, 'aws4_request'].reduce(hmac, `AWS4${KEYS[key]}`)
  const expected = hmac(signingKey, toSign).toString('hex')
  return claim.signature.length === expected.length
    && timingSafeEqual(Buffer.from(claim.signature), Buffer.from(expected))
}

function claimInQuery({ searchParams: query }) {
  if (!query.has('X-Amz-Signature')) return undefined
  return {
    credential: query.get('X-Amz-Credential'), signedHeaders: query.get('X-Amz-SignedHeaders'),
    signature: query.get('X-Amz-Signature'), at: query.get('X-Amz-Date'), bodyHash: 'UNSIGNED-PAYLOAD',
  }
}

function claimInHeader(headers) {
  const [, credential, signedHeaders, signature] =
    /^AWS4-HMAC-SHA256 Credential=(.+?), ?SignedHeaders=(.+?), ?Signature=(.+)$/.exec(headers.authorization) ?? []
  if (!signature) return undefined
  return { credential, signedHeaders, signature, at: headers['x-amz-date'], bodyHash: headers['x-amz-content-sha256'] }
}

function canonicalQuery({ searchParams }) {
  const strict = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return [...searchParams].filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${strict(name)}=${strict(value)}`).sort().join('&')
}

function hmac(key, text) {
  return createHmac('sha256', key).update(text).digest()
}

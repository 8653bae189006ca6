// What centrifuge-js in its Protobuf build says of a server that speaks JSON: one line of JSON.
import { Centrifuge } from 'centrifuge/build/protobuf'

const [transport, endpoint] = process.argv.slice(2)
const client = new Centrifuge([{ transport, endpoint }], {
  token: 'any',
  minReconnectDelay: 10,
  maxReconnectDelay: 50,
  emulationEndpoint: endpoint,
  readableStream: ReadableStream,
  fetch,
  websocket: (await import('ws')).default,
})
const attempts = []
client.on('connecting', (context) => {
  attempts.push(context)
  if (attempts.length > 3) finish({ attempts })
})
client.on('disconnected', (context) => finish(context))
client.connect()

function finish(outcome) {
  console.log(JSON.stringify(outcome))
  process.exit(0)
}

// Floats drawn from all finite bit patterns, through Chroma's own npm client, which sends them as base64:
//   node random_floats_test.mjs SERVER_BINARY [SEED]
// Every float that was written must come back with the same bits, whatever the bytes are that it is made of.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { start, stop } from './server_process.mjs';

const kOperations = 2_100;  // a third of each: adds, upserts, queries
const seed = Number(process.argv[3] ?? 12);

// Mulberry32: 32 random bits.
let state = seed >>> 0;
function bits() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return (t ^ (t >>> 14)) >>> 0;
}
const below = (bound) => bits() % bound;

const view = new DataView(new ArrayBuffer(4));
function finiteFloat() {
  for (;;) {
    view.setUint32(0, bits());
    if (Number.isFinite(view.getFloat32(0))) return view.getFloat32(0);
  }
}
const randomRow = (dimension) => Array.from({ length: dimension }, finiteFloat);

function assertSameBits(got, expected, what) {
  assert.equal(got.length, expected.length, what);
  got.forEach((value, i) => assert.ok(Object.is(Math.fround(value), expected[i]), `${what}[${i}]: ${value} is not ${expected[i]}`));
}

const folder = mkdtempSync(join(tmpdir(), 'ochre-floats-'));
const server = await start(['--path', join(folder, 'db')]);
let sentAsBase64 = 0;
const fetchBefore = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const body = init?.body ?? (input instanceof Request ? await input.clone().text() : '');
  if (/"embeddings":\["/.test(String(body))) ++sentAsBase64;
  return fetchBefore(input, init);
};

try {
  const client = new ChromaClient({ host: '127.0.0.1', port: server.port, ssl: false });
  const none = { generate: async () => { throw new Error('there is nothing to embed'); } };
  const collections = [];
  for (const dimension of [1, 2, 3, 8, 32, 100]) {
    collections.push({
      dimension,
      handle: await client.createCollection({ name: `floats-${dimension}`, embeddingFunction: none }),
      rows: new Map(),
    });
  }
  const count = { add: 0, upsert: 0, query: 0 };
  for (let operation = 0; operation < kOperations; ++operation) {
    const { dimension, handle, rows } = collections[below(collections.length)];
    const kind = ['add', 'upsert', 'query'][operation % 3];
    ++count[kind];
    const what = `seed ${seed}, operation ${operation}, ${kind} of dimension ${dimension}`;
    if (kind === 'query') {
      if (rows.size === 0) continue;
      const ids = [...rows.keys()];
      const asked = ids[below(ids.length)];
      const found = await handle.query({ queryEmbeddings: [rows.get(asked)], nResults: ids.length,
                                         include: ['embeddings', 'distances'] });
      assert.deepEqual([...found.ids[0]].sort(), ids.sort(), what);
      const place = found.ids[0].indexOf(asked);
      assert.equal(found.distances[0][place], 0, `${what}: the distance to itself`);
      found.ids[0].forEach((id, i) => {
        assertSameBits(found.embeddings[0][i], rows.get(id), `${what}: ${id}`);
        if (i > 0 && found.distances[0][i] !== null) assert.ok(found.distances[0][i - 1] <= found.distances[0][i], what);
      });
      continue;
    }
    const batch = new Map();
    for (let size = 1 + below(4); size > 0; --size) {
      const id = kind === 'add' ? `${operation}-${size}` : `upserted-${below(40)}`;
      batch.set(id, randomRow(dimension));
    }
    const ids = [...batch.keys()], embeddings = [...batch.values()];
    await handle[kind]({ ids, embeddings });
    for (const [id, row] of batch) rows.set(id, row);
    const got = await handle.get({ ids, include: ['embeddings'] });
    assert.equal(got.ids.length, ids.length, what);
    got.ids.forEach((id, i) => assertSameBits(got.embeddings[i], batch.get(id), `${what}: ${id}`));
    // So that queries stay small.
    if (rows.size > 200) {
      await handle.delete({ ids: [...rows.keys()] });
      rows.clear();
    }
  }
  assert.ok(sentAsBase64 >= count.add + count.upsert, `only ${sentAsBase64} bodies were base64`);
  console.log(`the bits of random floats came back: ${JSON.stringify(count)}, seed ${seed}`);
} finally {
  await stop(server);
  rmSync(folder, { recursive: true, force: true });
}

// Chroma's own npm client against the real binary: node client_test.mjs SERVER_BINARY
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { start, stop } from './server_process.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ochre-client-'));

const server = await start(['--path', join(folder, 'db'), '--allow-reset']);
const client = new ChromaClient({ host: '127.0.0.1', port: server.port, ssl: false });
const none = { generate: async () => { throw new Error('there is nothing to embed'); } };

async function rejects(work, pattern) {
  await assert.rejects(work, (error) => pattern.test(`${error.name} ${error.message}`) || assert.fail(String(error)));
}

try {
  assert.ok(await client.heartbeat() > 0);
  assert.equal(typeof await client.version(), 'string');

  const docs = await client.createCollection({ name: 'docs', metadata: { topic: 'tests' }, embeddingFunction: none });
  await rejects(() => client.createCollection({ name: 'docs', embeddingFunction: none }), /exist|Unique|Conflict/i);
  const same = await client.getOrCreateCollection({ name: 'docs', embeddingFunction: none });
  assert.equal(same.id, docs.id);

  const ids = [...Array(10).keys()].map((i) => `id${i}`);
  await docs.add({
    ids,
    embeddings: ids.map((_, i) => [i, 0, 0]),
    documents: ids.map((_, i) => `document number ${i}`),
    metadatas: ids.map((_, i) => ({ n: i, half: i / 2, even: i % 2 === 0, name: `n${i}` })),
  });
  assert.equal(await docs.count(), 10);

  const where = async (filter) => (await docs.get({ where: filter })).ids;
  assert.deepEqual(await where({ n: 3 }), ['id3']);
  assert.deepEqual(await where({ n: { $eq: 3 } }), ['id3']);
  assert.deepEqual((await where({ n: { $ne: 3 } })).length, 9);
  assert.deepEqual(await where({ n: { $gt: 7 } }), ['id8', 'id9']);
  assert.deepEqual(await where({ n: { $gte: 9 } }), ['id9']);
  assert.deepEqual(await where({ half: { $lt: 0.6 } }), ['id0', 'id1']);
  assert.deepEqual(await where({ half: { $lte: 0.5 } }), ['id0', 'id1']);
  assert.deepEqual(await where({ name: { $in: ['n1', 'n5'] } }), ['id1', 'id5']);
  assert.deepEqual((await where({ name: { $nin: ['n1', 'n5'] } })).length, 8);
  assert.deepEqual((await where({ even: true })).length, 5);
  assert.deepEqual(await where({ $and: [{ n: { $gt: 2 } }, { n: { $lt: 5 } }] }), ['id3', 'id4']);
  assert.deepEqual(await where({ $or: [{ n: 0 }, { n: 9 }] }), ['id0', 'id9']);
  const whereDocument = async (filter) => (await docs.get({ whereDocument: filter })).ids;
  assert.deepEqual(await whereDocument({ $contains: 'number 4' }), ['id4']);
  assert.equal((await whereDocument({ $not_contains: 'number 4' })).length, 9);
  assert.deepEqual(await whereDocument({ $regex: 'number [78]$' }), ['id7', 'id8']);
  assert.equal((await whereDocument({ $not_regex: 'number [78]$' })).length, 8);

  const page = await docs.get({ limit: 3, offset: 4, include: ['documents', 'embeddings'] });
  assert.deepEqual(page.ids, ['id4', 'id5', 'id6']);
  assert.deepEqual(page.embeddings[0], [4, 0, 0]);

  const found = await docs.query({ queryEmbeddings: [[2.1, 0, 0], [8.9, 0, 0]], nResults: 2,
                                   include: ['distances', 'metadatas', 'documents'] });
  assert.deepEqual(found.ids, [['id2', 'id3'], ['id9', 'id8']]);
  assert.ok(Math.abs(found.distances[0][0] - 0.01) < 1e-5);
  assert.equal(found.metadatas[0][0].n, 2);

  await docs.update({ ids: ['id0'], embeddings: [[0, 0, 0]], documents: ['changed'], metadatas: [{ n: 100 }] });
  await docs.update({ ids: ['id1'], metadatas: [{ extra: 'e' }] });
  assert.deepEqual((await docs.get({ ids: ['id1'] })).metadatas[0].extra, 'e');
  assert.deepEqual((await docs.get({ ids: ['id0'] })).documents, ['changed']);
  await docs.upsert({ ids: ['id0', 'new'], embeddings: [[0, 1, 0], [0, 0, 1]], documents: ['again', 'new'] });
  assert.equal(await docs.count(), 11);
  await docs.delete({ ids: ['new'] });
  await docs.delete({ where: { n: { $gte: 8 } } });
  assert.equal((await docs.get({ ids: ['id9', 'new'] })).ids.length, 0);

  await rejects(() => docs.add({ ids: ['x'], embeddings: [[1, 2]] }), /dimension/i);
  await rejects(() => docs.get({ where: { n: { $nope: 1 } } }), /./);
  await rejects(() => client.getCollection({ name: 'nobody', embeddingFunction: none }), /not.*(found|exist)|NotFound/i);

  await docs.modify({ name: 'renamed' });
  assert.equal((await client.getCollection({ name: 'renamed', embeddingFunction: none })).id, docs.id);
  assert.equal(await client.countCollections(), 1);
  assert.deepEqual((await client.listCollections()).map((c) => c.name), ['renamed']);
  await client.deleteCollection({ name: 'renamed' });
  assert.equal(await client.countCollections(), 0);

  // Who may call: another server.
  const users = join(folder, 'users.json');
  const token = { writer: 'writer-0123456789', reader: 'reader-0123456789' };
  writeFileSync(users, JSON.stringify({ users: Object.entries(token).map(([role, value]) => ({
    id: role, role, tenant: 'default_tenant', databases: ['*'], tokens: [value] })) }));
  const guarded = await start(['--path', join(folder, 'guarded'), '--users', users]);
  try {
    const as = (headers) => new ChromaClient({ host: '127.0.0.1', port: guarded.port, ssl: false, headers });
    const bearer = (value) => ({ Authorization: `Bearer ${value}` });
    const writer = as(bearer(token.writer)), reader = as({ 'x-chroma-token': token.reader });
    await writer.createCollection({ name: 'docs', embeddingFunction: none });
    assert.deepEqual((await reader.listCollections()).map((c) => c.name), ['docs']);
    await rejects(() => reader.createCollection({ name: 'more', embeddingFunction: none }), /Forbidden/);
    await rejects(() => as({}).listCollections(), /Unauthorized/);
    await rejects(() => as(bearer('writer-012345678X')).listCollections(), /Unauthorized/);
    await rejects(() => as({ 'x-chroma-token': 'nobody' }).listCollections(), /Unauthorized/);
  } finally {
    await stop(guarded);
  }
  console.log('the npm client and ochre-server understand each other');
} finally {
  await stop(server);
  rmSync(folder, { recursive: true, force: true });
}

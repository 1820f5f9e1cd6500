import { describe, it } from 'node:test';
import { ADAPTERS, assertJson, assertProblem, startServer } from './server.js';

const ITEM = { id: 1, name: 'cup', price: 0.5, quantity: 3, tags: ['a', ''] };

/** A request with one item that differs from a valid one. */
const withItem = (changes: Record<string, unknown>): string => JSON.stringify({ items: [{ ...ITEM, ...changes }] });

for (const adapter of ADAPTERS) {
  describe(`POST /echo on ${adapter}`, async () => {
    const server = await startServer(adapter);

    it('answers the items with their count and total, without unknown members', async () => {
      const body = JSON.stringify({ items: [ITEM, { ...ITEM, colour: null, owner: { id: 7 } }], more: [1] });
      await assertJson(await server.post('/echo', body), 200, { items: [ITEM, ITEM], count: 2, total: 3 });
      await assertJson(await server.post('/echo', '{"items":[]}'), 200, { items: [], count: 0, total: 0 });
    });

    it('takes members that JavaScript knows for unknown ones', async () => {
      const body = `{"__proto__":{"items":1},"constructor":2,"items":[{"__proto__":null,"toString":3,${JSON.stringify(ITEM).slice(1)}]}`;
      await assertJson(await server.post('/echo', body), 200, { items: [ITEM], count: 1, total: 1.5 });
    });

    it('tells malformed JSON from invalid JSON', async () => {
      for (const malformed of ['{', '{"items":[],}', '{"items":[]} x', '{"items":[NaN]}', '']) {
        await assertProblem(await server.post('/echo', malformed), 400, [], malformed);
      }
      await assertProblem(await server.call('/echo', { method: 'POST' }), 400);
      await assertProblem(await server.call('/echo', { method: 'POST', body: Buffer.from('{"items":["\xff"]}', 'latin1') }), 400);
    });

    it('names each invalid field', async () => {
      const cases: [body: string, ...fields: string[]][] = [
        ['null', 'items'],
        ['7', 'items'],
        ['[{}]', 'items'],
        ['{}', 'items'],
        ['{"items":{}}', 'items'],
        ['{"items":[null,7,[],{}]}', 'items.0', 'items.1', 'items.2', ...Object.keys(ITEM).map((name) => `items.3.${name}`)],
        [JSON.stringify({ items: Array(1001).fill(ITEM) }), 'items'],
        [withItem({ id: '1' }), 'items.0.id'],
        [withItem({ id: 1.5, price: true }), 'items.0.id', 'items.0.price'],
        [withItem({ id: 2 ** 53 }), 'items.0.id'],
        [withItem({ name: '' }), 'items.0.name'],
        [withItem({ name: 'é'.repeat(201) }), 'items.0.name'],
        [withItem({ name: '\u2764\uFE0F'.repeat(101) }), 'items.0.name'],
        [withItem({ price: -0.1 }), 'items.0.price'],
        [withItem({ price: 0 }).replace('"price":0', '"price":1e999'), 'items.0.price'],
        [withItem({ quantity: null }), 'items.0.quantity'],
        [withItem({ tags: 'a' }), 'items.0.tags'],
        [withItem({ tags: Array(21).fill('a') }), 'items.0.tags'],
        [withItem({ tags: ['a', null, 1, 'x'.repeat(51)] }), 'items.0.tags.1', 'items.0.tags.2', 'items.0.tags.3'],
      ];
      for (const [body, ...fields] of cases) await assertProblem(await server.post('/echo', body), 422, fields, body.slice(0, 200));
    });

    it('counts characters, not their UTF-16 units', async () => {
      const item = { ...ITEM, name: '😀'.repeat(200), tags: ['😀'.repeat(50)] };
      await assertJson(await server.post('/echo', JSON.stringify({ items: [item] })), 200, { items: [item], count: 1, total: 1.5 });
    });

    it('limits a body to 1 MiB', async () => {
      const fitting = '{"items":[]}'.padEnd(1_048_576);
      await assertJson(await server.post('/echo', fitting), 200, { items: [], count: 0, total: 0 });
      await assertProblem(await server.post('/echo', `${fitting} `), 413);
      const chunked = new Blob([fitting, ' ']).stream();
      await assertProblem(await server.call('/echo', { method: 'POST', body: chunked, duplex: 'half' }), 413);
    });
  });
}

/** The smallest program on Fastify that answers `/health` and `/echo`. */
import Fastify from 'fastify';

type Item = { price: number; quantity: number };

const app = Fastify();

app.get('/health', () => ({ status: 'ok' }));

app.post<{ Body: { items: Item[] } }>('/echo', ({ body: { items } }) => ({
  items,
  count: items.length,
  total: items.reduce((total, { price, quantity }) => total + price * quantity, 0),
}));

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });

/** The smallest program on Express that answers `/health` and `/echo`. */
import express from 'express';

type Item = { price: number; quantity: number };

const app = express();

app.get('/health', (_request, response) => {
  response.json({ status: 'ok' });
});

app.post('/echo', express.json(), (request, response) => {
  const { items } = request.body as { items: Item[] };
  response.json({ items, count: items.length, total: items.reduce((total, { price, quantity }) => total + price * quantity, 0) });
});

app.listen(Number(process.env.PORT), '127.0.0.1');

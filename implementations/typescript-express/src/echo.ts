/** `POST /echo`: typed items in, the same items with their count and total out. */
import type { RequestHandler } from 'express';
import { z } from 'zod';

import { list, text, validate } from './validation.js';

const echoItem = z.object({
  id: z.int().min(0),
  name: text(1, 200),
  price: z.number().min(0).max(1_000_000),
  quantity: z.int().min(0).max(1_000_000),
  tags: list(text(0, 50), 20),
});
const echoRequest = z.object({ items: list(echoItem, 1000) });

export const postEcho: RequestHandler = (request, response) => {
  const { items } = validate(echoRequest, request.body);
  const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  response.json({ items, count: items.length, total });
};

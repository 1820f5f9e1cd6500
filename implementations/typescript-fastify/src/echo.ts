/** `POST /echo`: typed items in, the same items with their count and total out. */
import { Type, type FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';

const EchoItem = Type.Object({
  id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  name: Type.String({ minLength: 1, maxLength: 200 }),
  price: Type.Number({ minimum: 0, maximum: 1_000_000 }),
  quantity: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  tags: Type.Array(Type.String({ maxLength: 50 }), { maxItems: 20 }),
});
const EchoRequest = Type.Object({ items: Type.Array(EchoItem, { maxItems: 1000 }) });
const EchoResponse = Type.Object({ items: Type.Array(EchoItem), count: Type.Integer(), total: Type.Number() });

export const echoRoute: FastifyPluginCallbackTypebox = (app, _options, done) => {
  app.post('/echo', { schema: { body: EchoRequest, response: { 200: EchoResponse } } }, (request) => {
    const { items } = request.body;
    const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
    return { items, count: items.length, total };
  });
  done();
};

import { describe, expect, it } from 'vitest';
import { booksAtOnce, booksOneByOne } from './library.js';
import { client } from './setup.js';

describe('the library', () => {
  it('lists books one by one', async () => {
    expect(Object.keys(await booksOneByOne(client))).toHaveLength(12);
  });

  it('lists books at once', async () => {
    expect((await booksAtOnce(client))['author 3']).toHaveLength(5);
  });
});

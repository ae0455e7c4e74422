import path from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

export const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
const mark = (test) => client.query(`SELECT 'pgsieve:test=${encodeURIComponent(test).replaceAll("'", '%27')}'`);

beforeAll(() => client.connect());
afterAll(() => client.end());

// Tells pgsieve which test the following statements belong to.
beforeEach(() => {
  const { testPath, currentTestName } = expect.getState();
  return mark(`${path.relative(process.cwd(), testPath)} > ${currentTestName}`);
});
afterEach(() => mark(''));

// One scenario of node's drivers, through whatever listens at HOST PORT: node clients.cjs SCENARIO HOST PORT.
'use strict';
const assert = require('assert');
const [, , scenario, host, port] = process.argv;
const where = {host, port: Number(port), user: 'postgres', database: 'postgres'};

const scenarios = {
  // Named statements, an error among queued queries, and a cursor that fetches in portions.
  async pg() {
    const {Client} = require('pg');
    const client = new Client(where);
    await client.connect();
    for (let i = 0; i < 20; ++i) {
      const result = await client.query({name: 'twice', text: 'select $1::int * 2 as v', values: [i]});
      assert.strictEqual(result.rows[0].v, 2 * i);
    }
    const settled = await Promise.allSettled([
      client.query('select 1 as v'), client.query('select 1 / 0'), client.query('select $1::text as v', ['x'])]);
    assert.deepStrictEqual(settled.map((s) => s.status), ['fulfilled', 'rejected', 'fulfilled']);
    const notified = new Promise((resolve) => client.once('notification', resolve));
    await client.query('listen bell');
    await client.query("notify bell, 'here'");
    assert.strictEqual((await notified).payload, 'here');
    await client.end();
  },
  // Everything prepared and pipelined, and a cursor.
  async postgres() {
    const sql = require('postgres')({...where, max: 3});
    const values = await Promise.all(Array.from({length: 200}, (_, i) => sql`select ${i}::int + 1 as v`));
    values.forEach((rows, i) => assert.strictEqual(rows[0].v, i + 1));
    let seen = 0;
    await sql`select generate_series(1, 1000) as v`.cursor(90, (rows) => { seen += rows.length; });
    assert.strictEqual(seen, 1000);
    await assert.rejects(sql`select 1 / ${0}::int`);
    await sql.begin(async (transaction) => {
      await transaction`create temp table t (a int)`;
      await transaction`insert into t ${transaction([{a: 1}, {a: 2}])}`;
      assert.strictEqual((await transaction`select count(*)::int as n from t`)[0].n, 2);
    });
    await sql.end();
  },
};

scenarios[scenario]().catch((problem) => { console.error(problem); process.exit(1); });

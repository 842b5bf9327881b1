// Does nothing with other job queues on the same PostgreSQL, as their documents say that it is fastest; says a line of JSON for each.
import { createRequire } from 'node:module';
import { run, makeWorkerUtils } from 'graphile-worker';
import pg from 'pg';
import PgBoss from 'pg-boss';

const require = createRequire(import.meta.url);
const [url, count] = [process.argv[2], Number(process.argv[3])];
const WARM = 1_000;
const SINGLES = 200;
const LIST = 500;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Rates in jobs a second, latencies in milliseconds. */
async function measure(name, { enqueue, one, start }) {
  const before = performance.now();
  for (let i = 0; i < count; i += LIST) await enqueue(LIST);
  const enqueued = count / ((performance.now() - before) / 1_000);

  let [done, warm, isTiming] = [0, 0, false];
  const [waiting, latencies] = [new Map(), []];
  const finished = new Promise((resolve) => {
    void start((key) => {
      if (isTiming) {
        if (waiting.has(key)) latencies.push(performance.now() - waiting.get(key));
      } else if (++done === WARM) warm = performance.now();
      else if (done === count) resolve();
    });
  });
  await finished;
  const rate = (count - WARM) / ((performance.now() - warm) / 1_000);

  isTiming = true;
  for (let i = 0; i < SINGLES; i++) {
    waiting.set(`${i}`, performance.now());
    await one(`${i}`);
    await pause(5 + Math.random() * 20);
  }
  for (let i = 0; latencies.length < SINGLES && i < 100; i++) await pause(100);
  latencies.sort((a, b) => a - b);
  const at = (quantile) => latencies[Math.ceil(quantile * latencies.length) - 1];
  console.log(JSON.stringify({ name, enqueued, done: rate, p50: at(0.5), p99: at(0.99) }));
}

async function pgBoss() {
  const boss = new PgBoss({ connectionString: url, max: 20 });
  boss.on('error', (error) => { throw error; });
  await boss.start();
  await boss.createQueue('bench');
  await measure(`pg-boss ${require('pg-boss/package.json').version}`, {
    enqueue: (n) => boss.insert(Array.from({ length: n }, () => ({ name: 'bench', data: {} }))),
    one: (key) => boss.send('bench', { key }),
    start: async (ended) => {
      for (let i = 0; i < 8; i++) {
        await boss.work('bench', { batchSize: 250, pollingIntervalSeconds: 0.5 }, (jobs) => {
          for (const { data } of jobs) ended(data.key);
          return Promise.resolve();
        });
      }
    },
  });
  await boss.stop({ graceful: false });
}

async function graphileWorker() {
  const pool = new pg.Pool({ connectionString: url, max: 20 });
  const utils = await makeWorkerUtils({ pgPool: pool });
  await utils.migrate();
  let runner;
  await measure(`Graphile Worker ${require('graphile-worker/package.json').version}`, {
    enqueue: (n) => pool.query(
      `SELECT graphile_worker.add_jobs(array_agg(json_populate_record(null::graphile_worker.job_spec, '{"identifier": "bench", "payload": {}}')))
         FROM generate_series(1, $1)`, [n]),
    one: (key) => utils.addJob('bench', { key }),
    start: async (ended) => {
      runner = await run({
        pgPool: pool,
        logger: undefined,
        noHandleSignals: true,
        taskList: { bench: (payload) => { ended(payload.key); } },
        preset: { worker: { concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      });
    },
  });
  await runner.stop();
  await utils.release();
  await pool.end();
}

await pgBoss();
await graphileWorker();
process.exit(0);

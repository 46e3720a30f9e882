import { Worker } from 'node:worker_threads';

/** Runs a module of `fixtures` on a thread of its own, for at most `limitMs`; resolves to the last thing it posted. */
export async function onThread(fixture: string, workerData: object, limitMs = 15_000): Promise<unknown> {
  const worker = new Worker(new URL(`../fixtures/${fixture}`, import.meta.url), { workerData });
  const limit = setTimeout(() => void worker.terminate(), limitMs);
  try {
    return await new Promise((resolve, reject) => {
      let last: unknown;
      worker.on('message', (message) => {
        last = message;
      });
      worker.on('error', reject);
      worker.on('exit', (code) => (code === 0 ? resolve(last) : reject(new Error(`the thread ended with ${code}`))));
    });
  } finally {
    clearTimeout(limit);
  }
}

import process from 'node:process';

/** What is still to be undone, newest last. */
const pending = new Set<() => void>();
let listening = false;

/**
 * Registers what must be undone even if this process is interrupted or fails: interfaces and namespaces outlive a
 * process. `undo` is called while the process ends, so it must be synchronous. The answer takes it off the list,
 * once the work was undone in the normal way.
 */
export function undoAtExit(undo: () => void): () => void {
  if (!listening) listen();
  pending.add(undo);
  return () => void pending.delete(undo);
}

function listen(): void {
  listening = true;
  process.on('exit', undoAll);
  // A test runner's worker is not told when the runner is killed, but loses its channel to it.
  process.once('disconnect', undoAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      undoAll();
      // With the listener gone the signal does what it would have done.
      process.kill(process.pid, signal);
    });
  }
}

function undoAll(): void {
  for (const undo of [...pending].reverse()) {
    pending.delete(undo);
    try {
      undo();
    } catch (error) {
      // The rest must still be undone.
      process.stderr.write(`cleaning up: ${String(error)}\n`);
    }
  }
}

/**
 * Promise.withResolvers for Node 20, which libp2p 3 calls and only Node 22 has. Imported before
 * anything of libp2p, by host.ts alone.
 */
if (typeof Promise.withResolvers !== "function") {
  Promise.withResolvers = function withResolvers<T>(): PromiseWithResolvers<T> {
    let resolve!: (value: T | PromiseLike<T>) => void; // Both are set before the constructor ends.
    let reject!: (reason?: unknown) => void;
    const promise = new Promise<T>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    return { promise, resolve, reject };
  };
}

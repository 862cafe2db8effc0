// Loaded before a command line: its waits of seconds end when the file that HURRY names appears, which is removed.
const { existsSync, unlinkSync } = require('node:fs');

const { setTimeout: wait } = globalThis;
globalThis.setTimeout = (callback, milliseconds, ...args) => {
  if (!(milliseconds >= 5000)) return wait(callback, milliseconds, ...args);
  const look = () => {
    if (!existsSync(process.env.HURRY)) return wait(look, 20);
    unlinkSync(process.env.HURRY);
    return callback(...args);
  };
  return wait(look, 20);
};

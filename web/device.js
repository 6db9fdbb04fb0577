// What this device keeps for a while: unsaved changes, and what is on its way. Nothing else is kept here, and where
// nothing may be kept or there is no room, only the server keeps it.

function tried(work) {
  try {
    return work(localStorage);
  } catch {
    return undefined;
  }
}

export const device = {
  get: (key) => tried((store) => JSON.parse(store.getItem(key))) ?? null,
  set: (key, value) => tried((store) => store.setItem(key, JSON.stringify(value))),
  remove: (key) => tried((store) => store.removeItem(key)),
  keys: (prefix) => tried((store) => Object.keys(store).filter((key) => key.startsWith(prefix))) ?? [],
};

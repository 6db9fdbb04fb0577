// The form page: /sv/form?round=ID begins an application, /sv/form#TOKEN goes on with one.
import { read, roundId, token } from "./api.js";
import { run } from "./page.js";

run(async () => {
  const round = token ? roundId : new URLSearchParams(location.search).get("round");
  // Both are asked for at once; whoever needs the second awaits it.
  const [shown, status] = await Promise.all([
    read(`/rounds/${encodeURIComponent(round)}`),
    token ? read("/application") : null,
  ]);
  if (token) await (await import("./filling.js")).fillIn(shown, status);
  else (await import("./starting.js")).begin(shown);
});

// Entries a second and core of the npm peers: node _readers_peers.mjs LIST MODULES REPEATS
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [list, modules, repeats] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const peers = {
  "@iptv/playlist": (text) => require("@iptv/playlist").parseM3U(text).channels.length,
  "iptv-playlist-parser": (text) => require("iptv-playlist-parser").parse(text).items.length,
};
for (const [name, parse] of Object.entries(peers)) {
  let best = 0;
  let entries = 0;
  for (let again = 0; again < Number(repeats); again++) {
    const before = process.cpuUsage();
    entries = parse(readFileSync(list, "utf8"));
    const used = process.cpuUsage(before);
    best = Math.max(best, entries / ((used.user + used.system) / 1e6));
  }
  console.log(JSON.stringify({ name, entries, rate: best }));
}

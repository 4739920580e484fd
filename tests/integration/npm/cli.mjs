// Talks as the public server's CLI (0.6.0) does, by the SDK that its lock file names: for each command a
// connection of its own, one call, and an answer that is read as JSON or not at all.
// node cli.mjs URL < '[["tool", {"argument": 1}], ...]'; says {"answers": [{"value": ...} or {"error": "..."}, ...]}.
import { readFileSync } from "node:fs";
import { Client } from "sdk-of-the-cli/client/index.js";
import { StreamableHTTPClientTransport } from "sdk-of-the-cli/client/streamableHttp.js";

const answers = [];
for (const [name, args] of JSON.parse(readFileSync(0, "utf8"))) {
  const client = new Client({ name: "tinytask-cli", version: "1.0.0" }, { capabilities: {} });
  await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
  const result = await client.callTool({ name, arguments: args });
  const text = result.content[0]?.text ?? "";
  try {
    answers.push(result.isError ? { error: text } : { value: JSON.parse(text) });
  } catch {
    answers.push({ error: `no JSON: ${text}` });
  }
  await client.close();
}
console.log(JSON.stringify({ answers }));

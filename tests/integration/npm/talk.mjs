// The official TypeScript client, over Streamable HTTP or stdio: take, comment, hand over, read.
// node talk.mjs http URL [TOKEN] | node talk.mjs stdio COMMAND ARGUMENT...; says one JSON object.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [kind, where, ...rest] = process.argv.slice(2);
const headers = rest[0] ? { Authorization: `Bearer ${rest[0]}` } : {};
const transport =
  kind === "http"
    ? new StreamableHTTPClientTransport(new URL(where), { requestInit: { headers } })
    : new StdioClientTransport({ command: where, args: rest, env: { ...process.env } });

const client = new Client({ name: "test", version: "1" });
await client.connect(transport);
const call = async (name, args) => client.callTool({ name, arguments: args });
const task = (result) => JSON.parse(result.content[0].text.slice(result.content[0].text.indexOf("{")));

const tools = (await client.listTools()).tools.map((tool) => tool.name);
const made = task(await call("create_task", { title: "from\u2028node", created_by: "node", queue_name: "dev" }));
const claimed = task(await call("claim_task", { task_id: made.id, agent_name: "node" }));
const lost = await call("claim_task", { task_id: made.id, agent_name: "other" });
await call("add_comment", { task_id: made.id, content: "hello", created_by: "node" });
const moved = task(await call("move_task", { task_id: made.id, current_agent: "node", new_agent: "qa", comment: "test it" }));
const resources = (await client.listResources()).resources.map((resource) => resource.uri);
const templates = (await client.listResourceTemplates()).resourceTemplates.map((one) => one.uriTemplate);
const read = await client.readResource({ uri: `task://${made.id}` });
const missing = await client.readResource({ uri: "task://99999" }).then(() => "found", (error) => error.message);
await client.close();

console.log(
  JSON.stringify({
    tools,
    title: made.title,
    claimed: [claimed.status, claimed.assigned_to],
    lost: [lost.isError, lost.content[0].text, lost.structuredContent.error.code],
    moved: [moved.task.status, moved.task.assigned_to, moved.comment.content],
    resources,
    templates,
    comments: JSON.parse(read.contents[0].text).comments.length,
    missing,
  }),
);

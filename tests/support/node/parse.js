// Reads an AsyncAPI document from the file named first and prints, as JSON, what the parser makes of it.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const found = diagnostics.map(({ code, severity, message, path }) => ({ code, severity, message, path: path.join(".") }));
console.log(
  JSON.stringify({
    diagnostics: found,
    version: document?.version(),
    channels: document?.channels().all().map((channel) => channel.address()),
    operations: document?.operations().all().map((operation) => operation.id()),
    messages: document?.messages().all().map((message) => message.name()),
  }),
);

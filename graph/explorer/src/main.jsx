// The explorer: GraphiQL with Colloquy's name, its workers and its examples.
import { DOC_EXPLORER_PLUGIN } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { createGraphiQLFetcher, createLocalStorage } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { createRoot } from "react-dom/client";
import { examplesPlugin } from "./examples.jsx";
import { Logo } from "./logo.jsx";
// GraphiQL loads the editor later by itself; imported here it is there at once, and its style sheets are found.
// Their order counts. The sheets with embedded fonts are left out: the browser's own fonts serve as well.
import "monaco-graphql/esm/monaco-editor.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./style.css";

// The page carries its settings as data, since the Content-Security-Policy allows no inline script.
const { endpoint, examples, icon, workers } = JSON.parse(document.getElementById("settings").textContent);

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(workers[label] ?? workers.editor, { type: "module", name: label }),
};

const url = new URL(endpoint, location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol === "https:" ? "wss:" : "ws:";

const fetcher = createGraphiQLFetcher({
  url: url.href,
  wsClient: createClient({ url: socketUrl.href, lazy: true }), // connects with the first subscription, not before
});

createRoot(document.getElementById("explorer")).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={examples.map(({ query, variables }) => ({ query, variables }))}
    plugins={[HISTORY_PLUGIN, examplesPlugin(examples)]}
    referencePlugin={DOC_EXPLORER_PLUGIN}
    // Servers on one host and port share a browser's storage, whatever they serve there.
    storage={createLocalStorage({ namespace: "colloquy" })}
    shouldPersistHeaders={false}
  >
    <GraphiQL.Logo>
      <Logo icon={icon} />
    </GraphiQL.Logo>
  </GraphiQL>,
);

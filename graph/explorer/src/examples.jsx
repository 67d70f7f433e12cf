// The prepared operations as a panel of the side bar: tabs may be closed, the examples stay.
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";

function Icon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round">
      <path d="M4 4.5h11a2 2 0 0 1 2 2v13H6a2 2 0 0 1-2-2z M17 9h1a2 2 0 0 1 2 2v6.5a2 2 0 0 1-2 2h-1 M7.5 9h6 M7.5 12.5h6 M7.5 16h3.5" />
    </svg>
  );
}

function Examples({ examples }) {
  const { addTab, changeTab } = useGraphiQLActions();
  const tabs = useGraphiQL((state) => state.tabs);
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);

  function open({ query, variables }) {
    const opened = tabs.findIndex((tab) => tab.query === query);
    if (opened >= 0) {
      changeTab(opened);
      return;
    }
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
    queryEditor?.focus();
  }

  return (
    <section aria-label="Examples" className="colloquy-examples">
      <h2>Examples</h2>
      <p>Each opens in a tab of its own. Run it as it is, then change it.</p>
      <ul>
        {examples.map((example) => (
          <li key={example.title}>
            <button type="button" onClick={() => open(example)}>
              <strong>{example.title}</strong>
              <span>{example.description}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function examplesPlugin(examples) {
  return { title: "Examples", icon: Icon, content: () => <Examples examples={examples} /> };
}

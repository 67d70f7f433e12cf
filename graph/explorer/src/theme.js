// GraphiQL reads the system's colour scheme once; this keeps its editors in step when the scheme changes later.
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";

export function useSystemTheme() {
  const { setTheme } = useGraphiQLActions();
  const chosen = useGraphiQL((state) => state.theme); // null: as the system has it

  useEffect(() => {
    if (chosen !== null) return undefined;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => setTheme(null);
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, [chosen, setTheme]);
}

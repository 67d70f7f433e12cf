// The name in the corner of the page.
import { useSystemTheme } from "./theme.js";

export function Logo({ icon }) {
  useSystemTheme();
  return (
    <span className="colloquy-logo">
      <img src={icon} alt="" width="20" height="20" />
      Colloquy
    </span>
  );
}

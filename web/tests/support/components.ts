import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// Let React know that tests wait for what they cause.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

afterEach(cleanup);

// This is the only tab: it gets every lock that it asks for. happy-dom has none.
Object.defineProperty(navigator, "locks", {
  value: {
    request: (name: string, _: LockOptions, granted: (lock: object) => unknown) =>
      Promise.resolve(granted({ name })),
  },
});

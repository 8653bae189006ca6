import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// Let React know that tests wait for what they cause.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

afterEach(cleanup);

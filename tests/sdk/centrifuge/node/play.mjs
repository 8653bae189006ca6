// Plays one scenario and tells how it went.

import { Scene } from "./scene.mjs";
import { scenarios } from "./scenarios.mjs";

let strays = 0;
let lastStray = null;

/** Notes an error that nobody awaited; it spoils every scenario that is being played. */
export function noteStray(error) {
  strays += 1;
  lastStray = String(error?.stack ?? error);
}

/** Returns null, or what went wrong. */
export async function play(platform, stage) {
  const scenario = scenarios[stage.scenario];
  if (!scenario) return `there is no scenario "${stage.scenario}" in scenarios.mjs`;
  const before = strays;
  const scene = new Scene(platform, stage);
  try {
    await scenario(scene);
    return strays > before ? lastStray : null;
  } catch (error) {
    return String(error?.stack ?? JSON.stringify(error));
  } finally {
    await scene.clear();
  }
}

export const names = () => Object.keys(scenarios);

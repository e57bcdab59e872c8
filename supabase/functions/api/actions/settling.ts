import type { Config } from "../platform/config.ts";
import { type ActionType, actionTypes } from "./registry.ts";

/** An action's type and its config as they are stored; throws what stands against that config. */
export const settledAction = async (action_type: ActionType, given: Record<string, unknown>, config: Config) => ({
  action_type,
  config: await actionTypes[action_type].settle(given, config),
});

/** The scopes of what an action with this config does and tells. */
export const doneBy = ({ action_type, config }: { action_type?: ActionType; config?: Record<string, unknown> }) =>
  action_type && config ? actionTypes[action_type].scopes(config) : [];

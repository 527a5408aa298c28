import { forward } from "../_shared/forward.ts";

export default { fetch: forward("continueAccountDeletions", { longRunning: true }) };

import { forward } from "../_shared/forward.ts";

export default { fetch: forward("getAccountDeletion", { idempotent: true }) };

import { forward } from "../_shared/forward.ts";

export default { fetch: forward("webhooks", { longRunning: true, subpaths: ["sendgrid", "stripe"] }) };

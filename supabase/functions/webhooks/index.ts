import { forward } from "../_shared/forward.ts";

export default { fetch: forward("webhooks", { slow: true, below: ["sendgrid", "stripe"] }) };
